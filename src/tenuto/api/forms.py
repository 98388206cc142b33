"""A multipart form read as it comes: the file goes straight to where it is kept, the rest is short text."""

from __future__ import annotations

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tenuto import errors
from tenuto.api.bodies import check_text
from tenuto.services.files import Upload

FILE_FIELD = "file"
MAX_PARTS = 100
MAX_FIELD_BYTES = 64 << 10
MAX_TEXT_BYTES = MAX_PARTS * MAX_FIELD_BYTES  # of all fields together
MAX_PART_HEADER_BYTES = 8 << 10
MAX_PART_HEADERS = 20


class FormReader:
    """Takes the bytes of a form; afterwards `fields` holds its text and `upload` its file."""

    most_parts = MAX_PARTS

    def __init__(self, content_type: str, begin: Callable[[str], Upload]) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise errors.ValidationError("A form must be multipart/form-data and name its boundary.")
        self.fields: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}  # of readers that take a field more than once
        self.upload: Upload | None = None
        self._begin = begin
        self._parts, self._whole = 0, False
        self._text_bytes = 0
        self._header_bytes = 0
        self._header_name, self._header_value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._name, self._text = "", bytearray()
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
                max_header_count=MAX_PART_HEADERS,
                max_header_size=MAX_PART_HEADER_BYTES,
            )
        except FormParserError as error:
            raise errors.ValidationError(f"The form cannot be read: {error}.") from error

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise errors.ValidationError(f"The form cannot be read: {error}.") from error

    def finish(self) -> None:
        """Make sure that the form came whole."""
        if not self._whole:
            raise errors.ValidationError("The form ended before its last boundary; send it again.")

    def close(self) -> None:
        """Drop the file unless it was taken in."""
        if self.upload is not None:
            self.upload.__exit__(None, None, None)

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > self.most_parts:
            raise errors.ValidationError(f"A form may have at most {self.most_parts} parts.")
        self._headers, self._header_bytes = {}, 0

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._count_header(end - start)

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MAX_PART_HEADER_BYTES:
            raise errors.ValidationError(f"The headers of a part are larger than {MAX_PART_HEADER_BYTES >> 10} KB.")

    def _on_header_end(self) -> None:
        self._headers.setdefault(self._header_name.lower(), self._header_value)
        self._header_name, self._header_value = b"", b""

    def _on_headers_finished(self) -> None:
        name, file_name = self._disposition()
        self._name, self._text = name, bytearray()
        if name == FILE_FIELD:
            self._begin_file(file_name or "")
        elif file_name is not None:
            raise errors.ValidationError(f"The file must come in the field {FILE_FIELD!r}, not in {name[:60]!r}.")
        elif not name or name in self.fields:
            raise errors.ValidationError(f"The field {name[:60]!r} has no name or comes twice.")

    def _disposition(self) -> tuple[str, str | None]:
        """The part's name, and the name of its file if it has one."""
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        file_name = options.get(b"filename")
        shown = None if file_name is None else file_name.decode(errors="replace")
        return options.get(b"name", b"").decode(errors="replace"), shown

    def _begin_file(self, file_name: str) -> None:
        if self.upload is not None:
            raise errors.ValidationError("A form may bring one file only; send the others by themselves.")
        self._name = FILE_FIELD
        self.upload = self._begin(file_name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_FIELD and self.upload is not None:
            self.upload.write(data[start:end])
            return
        self._text += data[start:end]
        self._text_bytes += end - start
        if self._text_bytes > MAX_TEXT_BYTES:
            raise errors.ValidationError(f"The fields of a form may have {MAX_TEXT_BYTES >> 10} KB in all.")
        if len(self._text) > MAX_FIELD_BYTES:
            raise errors.ValidationError(
                f"The field {self._name[:60]!r} is larger than the {MAX_FIELD_BYTES >> 10} KB a text may have."
            )

    def _on_part_end(self) -> None:
        if self._name == FILE_FIELD:
            return
        try:
            self._keep(check_text(self._name), check_text(self._text.decode()))
        except ValueError as error:
            raise errors.ValidationError(f"The field {self._name[:60]!r} is not plain text: {error}.") from None

    def _keep(self, name: str, text: str) -> None:
        self.fields[name] = text

    def _on_end(self) -> None:
        self._whole = True
