// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** An action of fenced JSON: Command R+. */
record CommandCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY =
            new Catalog.Entry<>("command", "Command R+: Action and a fenced JSON list", _ -> new CommandCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("\"tool_name\"") && template.contains("Action:");
    }

    @Override
    public CallText text() {
        return new CallText(
                "Action:\n```json\n[\n",
                "    {\n        \"tool_name\": \"",
                "\",\n        \"parameters\": ",
                "\n    }",
                ",\n",
                "\n]\n```");
    }
}
