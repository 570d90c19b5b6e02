// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import tools.jackson.databind.node.ObjectNode;

/** Another API whose chats are read and answered as those of {@code /v1/chat/completions}, in its own words. */
interface Tongue {
    /** The same request as a chat. */
    ObjectNode chat(Fields fields);

    /** How the answer to it is told. */
    Voice voice(Fields fields, Answers.Wanted wanted);
}
