// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.Optional;

/** What a client is told: a status and the fields of OpenAI's error object. The message never holds a prompt. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type;
    private final String param;
    private final String code;

    private ApiException(int status, String type, String param, String code, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /** The request is wrong. @param param the field, or null */
    static ApiException invalid(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, null, message);
    }

    static ApiException invalid(String param, String code, String message) {
        return new ApiException(400, "invalid_request_error", param, code, message);
    }

    static ApiException of(int status, String type, String code, String message) {
        return new ApiException(status, type, null, code, message);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }

    Optional<String> param() {
        return Optional.ofNullable(param);
    }

    Optional<String> code() {
        return Optional.ofNullable(code);
    }
}
