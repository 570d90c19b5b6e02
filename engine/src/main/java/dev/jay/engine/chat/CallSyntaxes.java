// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** Every way of writing calls, the first that a template speaks is taken. To add one: write its file, add its line. */
public final class CallSyntaxes {
    public static final Catalog<CallSyntax> ALL = Catalog.of(
            "call syntax",
            DeepSeekCalls.ENTRY,
            MistralCalls.ENTRY,
            CommandCalls.ENTRY,
            ToolCallListCalls.ENTRY,
            FunctionaryCalls.ENTRY,
            HermesCalls.ENTRY,
            LlamaCalls.ENTRY,
            PlainCalls.ENTRY // takes what no other does
            );

    private CallSyntaxes() {}

    /** @param template a chat template's source; empty where a model has none */
    public static CallSyntax of(String template) {
        return ALL.names().stream()
                .map(ALL::make)
                .filter(syntax -> syntax.isIn(template))
                .findFirst()
                .orElseThrow();
    }
}
