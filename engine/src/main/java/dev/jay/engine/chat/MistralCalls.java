// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** A list of calls behind a control token: Mistral 7B 0.3, Nemo, Small. */
record MistralCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY =
            new Catalog.Entry<>("mistral", "Mistral: [TOOL_CALLS] and a JSON list", _ -> new MistralCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("[TOOL_CALLS]");
    }

    @Override
    public CallText text() {
        return new CallText("[TOOL_CALLS][", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]");
    }
}
