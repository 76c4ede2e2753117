"""The OpenAPI document, to be read over HTTP as well."""

from risk.api.operations import Call, Document, Operation


async def _document(call: Call) -> Document:
    return Document(call.room.document)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/openapi.json",
        summary="What can be asked, as an OpenAPI document.",
        handle=_document,
        abilities=frozenset(),
        answer=dict,
        bucket="reads",
    ),
)
