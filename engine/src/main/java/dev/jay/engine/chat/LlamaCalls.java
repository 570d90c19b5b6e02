// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** The whole answer is one call, as JSON: Llama 3.1 to 3.3. */
record LlamaCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY =
            new Catalog.Entry<>("llama", "Llama 3.1 to 3.3: JSON with parameters, one call", _ -> new LlamaCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("ipython") && template.contains("\"parameters\"");
    }

    @Override
    public CallText text() {
        return new CallText("", "{\"name\": \"", "\", \"parameters\": ", "}", null, "");
    }
}
