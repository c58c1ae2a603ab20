// What the API is, in the words of OpenAPI: served at /openapi.json, and what the tests hold it to.
#pragma once

#include <string_view>

namespace levada::log_api {

inline constexpr std::string_view kOpenApi =
    R"json({
"openapi": "3.1.0",
"info": {
  "title": "levada log API",
  "version": "1.0.0",
  "description": "Logs and results of a levada agent. A POST is answered when it is stored."
},
"security": [{}, {"token": []}],
"paths": {
  "/logs": {"post": {
    "operationId": "post_log",
    "summary": "Stores a log.",
    "parameters": [{"$ref": "#/components/parameters/idempotency_key"}],
    "requestBody": {"required": true, "content": {
      "application/json": {"schema": {"$ref": "#/components/schemas/new_log"}}
    }},
    "responses": {
      "201": {"$ref": "#/components/responses/stored"},
      "400": {"$ref": "#/components/responses/error"},
      "401": {"$ref": "#/components/responses/error"},
      "413": {"$ref": "#/components/responses/error"},
      "415": {"$ref": "#/components/responses/error"},
      "422": {"$ref": "#/components/responses/error"},
      "429": {"$ref": "#/components/responses/later"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/logs/{id}": {"get": {
    "operationId": "get_log",
    "summary": "A log.",
    "parameters": [{"$ref": "#/components/parameters/id"}],
    "responses": {
      "200": {"description": "The log.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/log"}}}},
      "400": {"$ref": "#/components/responses/error"},
      "401": {"$ref": "#/components/responses/error"},
      "404": {"$ref": "#/components/responses/error"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/list-logs": {"get": {
    "operationId": "list_logs",
    "summary": "The logs, oldest first, page by page.",
    "parameters": [
      {"name": "limit", "in": "query", "description": "Logs of a page.",
       "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}},
      {"name": "after", "in": "query", "description": "The next of the page before.",
       "schema": {"type": "string",
                  "pattern": "^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))json"
    R"json(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\\.[0-9]{6}Z/[^\\u0000]{1,200}$"}}
    ],
    "responses": {
      "200": {"description": "A page.", "content": {"application/json": {"schema": {
        "type": "object", "required": ["logs", "next"], "additionalProperties": false, "properties": {
          "logs": {"type": "array", "items": {"$ref": "#/components/schemas/listed_log"}},
          "next": {"type": ["string", "null"], "description": "Null on the last page."}
        }}}}},
      "400": {"$ref": "#/components/responses/error"},
      "401": {"$ref": "#/components/responses/error"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/results": {"post": {
    "operationId": "post_result",
    "summary": "Stores what was found in a log.",
    "parameters": [{"$ref": "#/components/parameters/idempotency_key"}],
    "requestBody": {"required": true, "content": {
      "application/json": {"schema": {"$ref": "#/components/schemas/new_result"}}
    }},
    "responses": {
      "201": {"$ref": "#/components/responses/stored"},
      "400": {"$ref": "#/components/responses/error"},
      "401": {"$ref": "#/components/responses/error"},
      "413": {"$ref": "#/components/responses/error"},
      "415": {"$ref": "#/components/responses/error"},
      "422": {"$ref": "#/components/responses/error"},
      "429": {"$ref": "#/components/responses/later"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/results/{id}": {"get": {
    "operationId": "get_result",
    "summary": "A result.",
    "parameters": [{"$ref": "#/components/parameters/id"}],
    "responses": {
      "200": {"description": "The result.", "content": {"application/json": {"schema": {
        "$ref": "#/components/schemas/result"}}}},
      "400": {"$ref": "#/components/responses/error"},
      "401": {"$ref": "#/components/responses/error"},
      "404": {"$ref": "#/components/responses/error"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/stats": {"get": {
    "operationId": "stats",
    "summary": "How many logs and results there are.",
    "responses": {
      "200": {"description": "The sums.", "content": {"application/json": {"schema": {
        "type": "object", "required": ["logs", "results"], "additionalProperties": false, "properties": {
          "logs": {"$ref": "#/components/schemas/sum"},
          "results": {"$ref": "#/components/schemas/sum"}
        }}}}},
      "401": {"$ref": "#/components/responses/error"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }},
  "/health": {"get": {
    "operationId": "health",
    "summary": "Whether the database answers.",
    "responses": {
      "200": {"description": "It does.", "content": {"application/json": {"schema": {
        "type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}}}},
      "401": {"$ref": "#/components/responses/error"},
      "503": {"$ref": "#/components/responses/later"}
    }
  }}
},
"components": {
  "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
  "parameters": {
    "id": {"name": "id", "in": "path", "required": true,
           "schema": {"type": "string", "minLength": 1, "maxLength": 200}},
    "idempotency_key": {"name": "Idempotency-Key", "in": "header",
      "description": "A repeated request with this key gets the first answer, and stores nothing.",
      "schema": {"type": "string", "minLength": 1, "maxLength": 255}}
  },
  "responses": {
    "stored": {"description": "It is stored.", "content": {"application/json": {"schema": {
      "type": "object", "required": ["id", "rows"], "additionalProperties": false, "properties": {
        "id": {"type": "string"}, "rows": {"const": 1}}}}}},
    "error": {"description": "Why not.", "content": {"application/json": {"schema": {
      "$ref": "#/components/schemas/error"}}}},
    "later": {"description": "Not now.", "headers": {"Retry-After": {"schema": {"type": "integer"}}},
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}}
  },
  "schemas": {
    "error": {"type": "object", "required": ["error"], "additionalProperties": false,
              "properties": {"error": {"type": "string"}}},
    "time": {"type": "string", "format": "date-time"},
    "text": {"type": "string", "pattern": "^[^\\u0000]*$"},
    "new_log": {"type": "object", "required": ["content"], "additionalProperties": false, "properties": {
      "content": {"type": "string", "minLength": 1, "pattern": "^[^\\u0000]+$"},
      "name": {"anyOf": [{"type": "null"}, {"type": "string", "maxLength": 250, "pattern": "^[^\\u0000]*$"}]}
    }},
    "log": {"type": "object", "required": ["id", "name", "received_at", "content"], "additionalProperties": false,
      "properties": {
        "id": {"type": "string"}, "name": {"type": ["string", "null"]},
        "received_at": {"$ref": "#/components/schemas/time"}, "content": {"type": "string"}
    }},
    "listed_log": {"type": "object", "required": ["id", "name", "received_at", "bytes"],
      "additionalProperties": false, "properties": {
        "id": {"type": "string"}, "name": {"type": ["string", "null"]},
        "received_at": {"$ref": "#/components/schemas/time"}, "bytes": {"type": "integer", "minimum": 0}
    }},
    "value": {"anyOf": [{"$ref": "#/components/schemas/text"}, {"type": "boolean"}, {"type": "null"},
      {"type": "number", "minimum": -9007199254740991, "maximum": 9007199254740991}]},
    "found": {"type": "object", "propertyNames": {"$ref": "#/components/schemas/text"},
      "additionalProperties": {"anyOf": [{"$ref": "#/components/schemas/value"},
        {"type": "array", "items": {"$ref": "#/components/schemas/value"}}]}},
    "new_result": {"type": "object", "required": ["log_id", "result"], "additionalProperties": false, "properties": {
      "log_id": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\u0000]+$"},
      "result": {"$ref": "#/components/schemas/found"}
    }},
    "result": {"type": "object", "required": ["id", "log_id", "received_at", "result"],
      "additionalProperties": false, "properties": {
        "id": {"type": "string"}, "log_id": {"type": "string"},
        "received_at": {"$ref": "#/components/schemas/time"}, "result": {"$ref": "#/components/schemas/found"}
    }},
    "sum": {"type": "object", "required": ["count", "bytes"], "additionalProperties": false, "properties": {
      "count": {"type": "integer", "minimum": 0}, "bytes": {"type": "integer", "minimum": 0}}}
  }
}
}
)json";

}  // namespace levada::log_api
