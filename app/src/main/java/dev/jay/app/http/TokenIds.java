// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import tools.jackson.databind.JsonNode;

/** Tokens in a request. */
final class TokenIds {
    private TokenIds() {}

    static int[] read(Fields fields, String name, JsonNode list, int vocabulary) {
        if (!list.isArray()) throw fields.wrong(name, "an array of tokens", list);
        int[] tokens = new int[list.size()];
        for (int i = 0; i < tokens.length; i++) {
            JsonNode each = list.get(i);
            if (!each.isIntegralNumber() || !each.canConvertToInt())
                throw fields.wrong(name, "an array of tokens", each);
            int token = each.intValue();
            if (token < 0 || token >= vocabulary) {
                throw ApiException.invalid(
                        name,
                        name + "[" + i + "]=" + token + " is no token of this model, allowed: 0 to "
                                + (vocabulary - 1));
            }
            tokens[i] = token;
        }
        return tokens;
    }
}
