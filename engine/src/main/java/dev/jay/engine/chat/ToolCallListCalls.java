// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** A list of calls behind a control token: Granite 3, Phi 4 mini. */
record ToolCallListCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY = new Catalog.Entry<>(
            "tool-call-list", "Granite, Phi 4 mini: <|tool_call|> and a JSON list", _ -> new ToolCallListCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("<|tool_call|>");
    }

    @Override
    public CallText text() {
        return new CallText("<|tool_call|>[", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]");
    }
}
