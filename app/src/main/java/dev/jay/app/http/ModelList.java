// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import dev.jay.app.resident.Standing;
import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code GET /v1/models}: all models as OpenAI lists them, and how they stand as llama-server says it. */
final class ModelList {
    private final Residents residents;
    private final long started = Instant.now().getEpochSecond();

    ModelList(Residents residents) {
        this.residents = residents;
    }

    ObjectNode all() {
        ObjectNode list = Json.object().put("object", "list");
        ArrayNode data = list.putArray("data");
        for (Standing s : residents.standings()) data.add(entry(s));
        return list;
    }

    /** @param name as {@link ModelChoice#known} has it */
    ObjectNode one(String name) {
        return entry(residents.standings().stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow());
    }

    private ObjectNode entry(Standing s) {
        ObjectNode one =
                Json.object().put("id", s.name()).put("object", "model").put("created", started);
        one.put("owned_by", "jay");
        s.model().ifPresent(model -> one.put("max_model_len", model.contextLength()));
        ObjectNode status =
                one.putObject("status").put("value", s.state().name().toLowerCase(Locale.ROOT));
        if (s.failed()) status.put("failed", true);
        return one;
    }
}
