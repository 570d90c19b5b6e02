// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.app.resident.Residents;
import dev.jay.app.resident.Standing;
import dev.jay.engine.EngineStatus;
import dev.jay.engine.KvFloor;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.SystemMemory;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /v1/memory}: the books as they stand, the KV pages by what they are for, who runs, and what the system leaves; of
 * all models in memory together, and of each.
 */
final class MemoryReport {
    private static final Memory NOTHING = Memory.withBudget(0);

    private final Residents residents;
    private final SystemMemory system = SystemMemory.here();

    MemoryReport(Residents residents) {
        this.residents = residents;
    }

    ObjectNode now() {
        ObjectNode root = Json.object().put("object", "memory");
        if (residents.budget() < Long.MAX_VALUE) root.put("budget_bytes", residents.budget());
        ArrayNode models = Json.array();
        ObjectNode sums = books("", NOTHING, EngineStatus.NONE);
        for (Standing s : residents.standings()) {
            ObjectNode one = models.addObject().put("id", s.name());
            one.put("state", s.state().name().toLowerCase(Locale.ROOT)).put("requests", s.inUse());
            if (s.model().isEmpty()) continue;
            s.model().get().kvFloor().ifPresent(floor -> floor(one.putObject("kv_floor"), floor));
            ObjectNode books =
                    books(s.name(), s.model().get().memory(), s.model().get().status());
            add(books, sums);
            one.setAll(books);
        }
        root.setAll(sums);
        Runtime jvm = Runtime.getRuntime();
        root.putObject("java_heap")
                .put("used_bytes", jvm.totalMemory() - jvm.freeMemory())
                .put("committed_bytes", jvm.totalMemory())
                .put("most_bytes", jvm.maxMemory());
        system(root.putObject("system"));
        root.set("models", models);
        return root;
    }

    /** What every sequence of this model keeps to. */
    private static void floor(ObjectNode to, KvFloor floor) {
        to.put("quality", floor.floor()).put("recipe", floor.recipe()).put("judged_quality", floor.quality());
        to.put("judged_on", floor.judgedOn()).put("is_own", floor.isOwn()).put("judged_tokens", floor.judgedAt());
    }

    /** Numbers are added, lists joined; of words the last stays. */
    private static void add(ObjectNode from, ObjectNode to) {
        from.forEachEntry((name, value) -> {
            JsonNode before = to.get(name);
            if (value instanceof ObjectNode object) {
                add(object, before instanceof ObjectNode there ? there : to.putObject(name));
            } else if (value instanceof ArrayNode list) {
                (before instanceof ArrayNode there ? there : to.putArray(name)).addAll(list);
            } else if (value.isNumber()) {
                to.put(name, value.longValue() + (before == null ? 0 : before.longValue()));
            } else {
                to.set(name, value);
            }
        });
    }

    private static ObjectNode books(String name, Memory books, EngineStatus status) {
        ObjectNode root = Json.object();
        root.put("used_bytes", books.used()).put("peak_bytes", books.peakBytes());
        ObjectNode purposes = root.putObject("by_purpose");
        books.byPurpose().forEach(purposes::put);
        root.putObject("kv_pages")
                .put("all", status.pages())
                .put("free", status.freePages())
                .put("shared", status.sharedPages())
                .put("cached", status.cachedPages())
                .put("own", status.pages() - status.freePages() - status.sharedPages() - status.cachedPages());
        root.putObject("engine")
                .put("running", status.running())
                .put("paused", status.paused())
                .put("waiting", status.waiting())
                .put("prompt_tokens", status.promptTokens())
                .put("reused_tokens", status.reusedTokens())
                .put("decoded_tokens", status.decodedTokens())
                .put("preempted", status.preempted())
                .put("resumed", status.resumed())
                .put("pressure", status.pressure().name().toLowerCase(Locale.ROOT))
                .put("shed_pages", status.shedPages());
        root.putObject("kv_file")
                .put("bytes", status.tier().bytes())
                .put("strides", status.tier().chunks())
                .put("demoted", status.tier().written())
                .put("promoted", status.tier().read())
                .put("dropped", status.tier().dropped());
        ArrayNode sequences = root.putArray("sequences");
        for (EngineStatus.Live s : status.sequences()) {
            sequences
                    .addObject()
                    .put("model", name)
                    .put("id", s.id())
                    .put("tokens", s.tokens())
                    .put("computed", s.computed())
                    .put("limit", s.limit())
                    .put("shared_pages", s.sharedPages())
                    .put("own_pages", s.ownPages());
        }
        return root;
    }

    /** Limits of the groups above this process, its own first; what they leave counts its own mapped weights as kept. */
    private void system(ObjectNode to) {
        SystemMemory.Reading reading = system.read();
        to.put("total_bytes", reading.totalBytes()).put("available_bytes", reading.availableBytes());
        to.put(
                "stalled_some_percent",
                Math.max(reading.machine().some(), reading.own().some()));
        to.put(
                "stalled_full_percent",
                Math.max(reading.machine().full(), reading.own().full()));
        ArrayNode groups = to.putArray("groups");
        for (SystemMemory.Group g : reading.groups()) {
            groups.addObject()
                    .put("limit_bytes", g.limitBytes())
                    .put("used_bytes", g.usedBytes())
                    .put("file_bytes", g.fileBytes())
                    .put("left_bytes", reading.leftBytes(g));
        }
    }
}
