// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.tensor.Catalog;

/** Each call is fenced JSON between control tokens, in a list between control tokens: DeepSeek V3 and R1. */
record DeepSeekCalls() implements CallSyntax {
    static final Catalog.Entry<CallSyntax> ENTRY = new Catalog.Entry<>(
            "deepseek", "DeepSeek V3 and R1: fenced JSON between control tokens", _ -> new DeepSeekCalls());

    @Override
    public boolean isIn(String template) {
        return template.contains("tool\u2581calls\u2581begin");
    }

    @Override
    public CallText text() {
        return new CallText(
                "<\uff5ctool\u2581calls\u2581begin\uff5c>",
                "<\uff5ctool\u2581call\u2581begin\uff5c>function<\uff5ctool\u2581sep\uff5c>",
                "\n```json\n",
                "\n```<\uff5ctool\u2581call\u2581end\uff5c>",
                "\n",
                "<\uff5ctool\u2581calls\u2581end\uff5c>");
    }
}
