"""What the OpenAPI document says beside the routes, and where the framework would say less than holds."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litestar import Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Reference, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Struct

from drumroll import __version__
from drumroll.web.pages.safety import SAFE_HEADERS

_SWAGGER_UI = find_spec("swagger_ui")
assert _SWAGGER_UI is not None
assert _SWAGGER_UI.origin is not None
SWAGGER = Path(_SWAGGER_UI.origin).parent / "static"
"""Only its files are needed: importing the package takes as long as a tenth of our own start."""

_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>drumroll: the API</title>
<link rel="icon" href="/static/board.svg">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<script src="/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/static/docs.js" defer></script>
<main id="docs"><noscript>The same as JSON: <a href="/docs/openapi.json">/docs/openapi.json</a></noscript></main>
</html>
"""


def openapi_config() -> OpenAPIConfig:
    """The document, and the page that shows it, under ``/docs``."""
    schemes: dict[str, SecurityScheme | Reference] = {
        "session": SecurityScheme(type="http", scheme="bearer", description="A customer's session."),
        "operator": SecurityScheme(type="http", scheme="bearer", description="An operator's session."),
    }
    return OpenAPIConfig(
        title="drumroll",
        version=__version__,
        description="Take the orders of a product launch. Refusals are problem+json (RFC 9457) with a stable `code`.",
        use_handler_docstrings=True,
        render_plugins=[_Readable(path="/")],
        openapi_router=Router("/docs", route_handlers=[], response_headers=SAFE_HEADERS, include_in_schema=False),
        components=Components(security_schemes=schemes),
    )


class _Readable(OpenAPIRenderPlugin):
    """Swagger UI. The framework's own way has the whole document in an inline script, which our policy forbids."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _PAGE


def openapi_plugins() -> list[OpenAPISchemaPlugin]:
    """What mends the framework's schemas."""
    return [_ClosedBodies(), _BoundTuples()]


class _ClosedBodies(OpenAPISchemaPlugin):
    """Says of bodies that take no unknown field that they don't, which the framework leaves out."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        kind = field_definition.annotation
        return isinstance(kind, type) and issubclass(kind, Struct) and kind.__struct_config__.forbid_unknown_fields

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        others = (plugin for plugin in schema_creator.plugins if plugin is not self)
        usual = next(plugin for plugin in others if schema_creator.plugin_supports_field(plugin, field_definition))
        schema: Schema = usual.to_openapi_schema(field_definition, schema_creator)
        schema.additional_properties = False
        return schema


class _BoundTuples(OpenAPISchemaPlugin):
    """Arrays of any length up to a limit; the framework takes the ellipsis of their type for a second kind of item."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        ends = field_definition.inner_types[1:]
        any_length = field_definition.origin is tuple and [end.annotation for end in ends] == [Ellipsis]
        return any_length and field_definition.kwarg_definition is not None

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        schema: Schema = schema_creator.for_collection_constrained_field(field_definition)
        schema.items = schema_creator.for_field_definition(field_definition.inner_types[0])
        return schema
