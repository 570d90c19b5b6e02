// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** Each call is JSON between marks: Hermes 2 Pro and 3, Qwen 2.5 and 3. */
record HermesCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY = new Catalog.Entry<>(
            "hermes", "Hermes, Qwen and kin: <tool_call> JSON </tool_call>", _ -> new HermesCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("<tool_call>");
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
