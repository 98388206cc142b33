"""What programs of tenuto work out when they first ask for it, worked out once before any of them is forked."""

import gc

from sqlalchemy.orm import configure_mappers

from tenuto.api.app import routes

configure_mappers()
routes().openapi()
# What is here lives as long as the process: no collection of theirs needs to look at it.
gc.collect()
gc.freeze()
