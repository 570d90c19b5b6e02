// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.List;

/** The chat format of files that bring no template. */
final class ChatMl {
    private ChatMl() {}

    static String render(List<Message> messages) {
        StringBuilder text = new StringBuilder();
        for (Message m : messages) {
            text.append("<|im_start|>").append(m.role()).append('\n').append(m.content()).append("<|im_end|>\n");
        }
        return text.append("<|im_start|>assistant\n").toString();
    }
}
