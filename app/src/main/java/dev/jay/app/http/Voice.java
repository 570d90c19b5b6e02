// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import tools.jackson.databind.node.ObjectNode;

/**
 * How an answer is told to the client: in OpenAI's words, as it is made, or in another API's. What comes in are OpenAI's
 * replies and chunks. One for each request, used by one thread.
 */
interface Voice {
    /** What separates the parts of a stream. */
    default EventStream.Framing framing() {
        return EventStream.Framing.EVENTS;
    }

    /** A whole answer. */
    ObjectNode whole(ObjectNode reply);

    /** The next chunk of a stream. */
    void chunk(ObjectNode chunk, EventStream out);

    /** The end of a stream that went well. */
    void end(EventStream out);

    /** The end of one that did not. */
    void failed(ApiException why, EventStream out);

    /** OpenAI's own. */
    Voice OPENAI = new Voice() {
        @Override
        public ObjectNode whole(ObjectNode reply) {
            return reply;
        }

        @Override
        public void chunk(ObjectNode chunk, EventStream out) {
            out.data(chunk);
        }

        @Override
        public void end(EventStream out) {
            out.done();
        }

        @Override
        public void failed(ApiException why, EventStream out) {
            out.data(ErrorShape.OPENAI.body(why));
        }
    };
}
