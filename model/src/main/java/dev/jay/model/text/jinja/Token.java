// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/** A piece of a template: literal text, the brackets of a tag, or what stands between them. */
record Token(Kind kind, String text, Object value, int line) {
    enum Kind {
        /** Literal text, whitespace control applied. */
        TEXT,
        OUTPUT_BEGIN,
        OUTPUT_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        /** value: the decoded string. */
        STRING,
        /** value: Long or BigInteger. */
        INTEGER,
        /** value: Double. */
        FLOAT,
        OPERATOR,
        END
    }

    boolean isOperator(String operator) {
        return kind == Kind.OPERATOR && text.equals(operator);
    }

    boolean isName(String name) {
        return kind == Kind.NAME && text.equals(name);
    }

    String describe() {
        return switch (kind) {
            case TEXT -> "text";
            case END -> "end of template";
            case STRING -> "string " + shortened();
            case BLOCK_BEGIN, BLOCK_END, OUTPUT_BEGIN, OUTPUT_END, NAME, INTEGER, FLOAT, OPERATOR ->
                "'" + shortened() + "'";
        };
    }

    private String shortened() {
        return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }
}
