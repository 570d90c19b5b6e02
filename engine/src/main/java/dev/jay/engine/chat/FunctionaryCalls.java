// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** The name stands in the mark: Functionary 3.1. */
record FunctionaryCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY =
            new Catalog.Entry<>("functionary", "Functionary 3.1: <function=name>", _ -> new FunctionaryCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("<function=") && template.contains("</function>");
    }

    @Override
    public CallText text() {
        return new CallText("", "<function=", ">", "</function>", "", "");
    }
}
