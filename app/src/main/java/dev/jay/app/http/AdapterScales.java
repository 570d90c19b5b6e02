// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.AdapterMix;
import dev.jay.engine.LoadedAdapter;
import dev.jay.engine.Model;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Adapters as llama-server's clients name them: {@code GET} and {@code POST /lora-adapters}, and the field {@code lora} of
 * a request. What a list does not name is at scale 0.
 */
final class AdapterScales {
    static final String PATH = "/lora-adapters";
    static final String FIELD = "lora";

    private static final int MOST = 1024;
    private static final double MOST_SCALE = 1000;

    private final Model model;

    AdapterScales(Model model) {
        this.model = model;
    }

    /** {@code lora: [{id, scale}]}; an id is a number of the list, or a name. */
    AdapterMix read(Fields fields) {
        AdapterMix mix = AdapterMix.NONE;
        for (Fields one : fields.objects(FIELD, MOST)) {
            JsonNode id = one.get("id").orElseThrow(() -> one.missing("id"));
            double scale = one.number("scale", -MOST_SCALE, MOST_SCALE).orElse(0);
            try {
                mix = mix.and(named(id), scale);
            } catch (IllegalArgumentException e) {
                throw ApiException.invalid(FIELD, e.getMessage());
            }
        }
        return mix;
    }

    private LoadedAdapter named(JsonNode id) {
        List<LoadedAdapter> all = model.adapters();
        for (LoadedAdapter a : all) {
            boolean is = id.isString() ? a.name().equals(id.stringValue()) : id.isInt() && id.intValue() == a.id();
            if (is) return a;
        }
        throw ApiException.invalid(
                FIELD,
                all.isEmpty()
                        ? "lora: this model was opened without adapters"
                        : "lora: no such id, allowed: 0 to " + (all.size() - 1) + ", or "
                                + all.stream().map(LoadedAdapter::name).toList());
    }

    ArrayNode list() {
        ArrayNode list = Json.array();
        for (LoadedAdapter a : model.adapters()) {
            list.addObject()
                    .put("id", a.id())
                    .put("name", a.name())
                    .put("path", a.path())
                    .put("scale", model.defaultAdapters().scaleOf(a));
        }
        return list;
    }

    /** For requests that begin after this. */
    ObjectNode change(Fields fields) {
        model.setDefaultAdapters(read(fields));
        return Json.object().put("success", true);
    }
}
