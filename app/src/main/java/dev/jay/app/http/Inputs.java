// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Texts or tokens in a request: a string, an array of them, an array of tokens, or an array of such arrays. */
final class Inputs {
    private final Fields fields;
    private final String name;
    private final Model model;

    Inputs(Fields fields, String name, Model model) {
        this.fields = fields;
        this.name = name;
        this.model = model;
    }

    /** The tokens of each. */
    List<int[]> read(int most) {
        JsonNode given = fields.get(name).orElseThrow(() -> fields.missing(name));
        if (given.isString()) return List.of(tokens(given));
        if (!given.isArray() || given.isEmpty()) {
            throw fields.wrong(name, "a string, an array of strings, or tokens", given);
        }
        if (given.get(0).isNumber()) return List.of(ids(given));
        if (given.size() > most) {
            throw ApiException.invalid(name, name + " has " + given.size() + " texts, allowed: " + most);
        }
        List<int[]> all = new ArrayList<>();
        for (JsonNode each : given) all.add(each.isString() ? tokens(each) : ids(each));
        return all;
    }

    private int[] ids(JsonNode list) {
        return TokenIds.read(fields, name, list, model.spec().vocabulary());
    }

    private int[] tokens(JsonNode text) {
        return tokens(model, name, text.stringValue());
    }

    static int[] tokens(Model model, String name, String text) {
        try {
            return model.tokenize(text);
        } catch (IllegalArgumentException e) { // a vocabulary need not have a token for every byte
            throw ApiException.invalid(name, e.getMessage());
        }
    }
}
