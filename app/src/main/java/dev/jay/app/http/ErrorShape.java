// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import tools.jackson.databind.node.ObjectNode;

/** An error as the clients of a path know it. */
enum ErrorShape {
    /** {@code {"error":{"message","type","param","code"}}}. */
    OPENAI {
        @Override
        ObjectNode body(ApiException e) {
            ObjectNode root = Json.object();
            root.putObject("error")
                    .put("message", e.getMessage())
                    .put("type", e.type())
                    .put("param", e.param().orElse(null))
                    .put("code", e.code().orElse(null));
            return root;
        }
    },
    /** {@code {"type":"error","error":{"type","message"}}}. */
    ANTHROPIC {
        @Override
        ObjectNode body(ApiException e) {
            ObjectNode root = Json.object().put("type", "error");
            root.putObject("error").put("type", anthropicType(e.status())).put("message", e.getMessage());
            return root;
        }
    },
    /** {@code {"error":"message"}}. */
    OLLAMA {
        @Override
        ObjectNode body(ApiException e) {
            return Json.object().put("error", e.getMessage());
        }
    };

    abstract ObjectNode body(ApiException e);

    /** @param path as the client sent it */
    static ErrorShape of(String path) {
        if (path.startsWith("/v1/messages")) return ANTHROPIC;
        return path.startsWith("/api/") ? OLLAMA : OPENAI;
    }

    private static String anthropicType(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 408 -> "timeout_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
