// The OpenAPI document, readable: Swagger UI over /docs/openapi.json. In a file, as no page of ours runs inline scripts.
SwaggerUIBundle({ url: "/docs/openapi.json", dom_id: "#docs", deepLinking: true, presets: [SwaggerUIBundle.presets.apis] });
