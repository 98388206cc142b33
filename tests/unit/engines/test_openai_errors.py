"""What a status of OpenAI's API means for the bill: a refusal of the service is free, a gateway's word is in doubt."""

import pytest

from tenuto import errors
from tenuto.engines.openai_errors import translated

openai = pytest.importorskip("openai")
httpx = pytest.importorskip("httpx")


def met(status):
    response = httpx.Response(status, request=httpx.Request("POST", "http://service/v1"))
    with pytest.raises(errors.TenutoError) as caught, translated("sk-x", 5):
        raise openai.APIStatusError("no", response=response, body=None)
    return caught.value


@pytest.mark.parametrize("status", [408, 502, 504, 520, 522, 524])
def test_what_a_gateway_says_may_have_been_paid_for(status):
    assert not met(status).details["unpaid"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 503])
def test_what_the_service_itself_refuses_is_free(status):
    assert met(status).details["unpaid"]


@pytest.mark.parametrize("status", [408, 502, 504, 524])
def test_a_gateway_is_asked_again(status):
    assert met(status).retryable
