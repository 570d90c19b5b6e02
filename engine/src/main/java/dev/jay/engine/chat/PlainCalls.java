// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** For a template that knows nothing of tools: they are told in words. */
record PlainCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY = new Catalog.Entry<>(
            "plain", "any other family: told in the system message, written as Hermes does", _ -> new PlainCalls());

    @Override
    public boolean isIn(String template) {
        return true;
    }

    @Override
    public boolean isPlain() {
        return true;
    }

    @Override
    public CallText text() {
        return new CallText(
                "<tool_call>",
                "\n{\"name\": \"",
                "\", \"arguments\": ",
                "}",
                "\n</tool_call>\n<tool_call>",
                "\n</tool_call>");
    }
}
