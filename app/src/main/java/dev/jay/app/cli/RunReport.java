// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Choice;
import dev.jay.engine.Finish;
import dev.jay.engine.Model;
import dev.jay.engine.Usage;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object of {@code jay run --json}. */
final class RunReport {
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Model model;

    RunReport(Model model) {
        this.model = model;
    }

    String json(String text, int[] promptTokens, List<Choice> tokens, Finish finish, boolean withLogprobs) {
        ObjectNode root = JSON.createObjectNode().put("text", text);
        ArrayNode prompt = root.putArray("promptTokens");
        for (int token : promptTokens) prompt.add(token);
        ArrayNode ids = root.putArray("tokens");
        for (Choice c : tokens) ids.add(c.token());
        root.put("finishReason", finish.reason().name().toLowerCase(Locale.ROOT));
        root.put("seed", finish.seed());
        timing(root.putObject("timing"), finish.usage());
        memory(root.putObject("memory"));
        if (withLogprobs) logprobs(root.putArray("logprobs"), tokens);
        return root.toString();
    }

    private static void timing(ObjectNode timing, Usage usage) {
        timing.put("promptTokensPerSecond", usage.promptTokensPerSecond());
        timing.put("decodeTokensPerSecond", usage.decodeTokensPerSecond());
        timing.put("timeToFirstTokenMillis", usage.timeToFirstTokenNanos() / 1e6);
    }

    private void memory(ObjectNode memory) {
        Map<String, Long> byPurpose = model.memory().peakByPurpose();
        long heap = Runtime.getRuntime().totalMemory();
        memory.put("peakBytes", ProcessMemory.peakBytes().orElse(model.memory().peakBytes() + heap));
        ObjectNode rows = memory.putObject("byPurpose");
        byPurpose.forEach(rows::put);
        rows.put("java-heap", heap);
    }

    private void logprobs(ArrayNode list, List<Choice> tokens) {
        for (Choice c : tokens) {
            ObjectNode one = scored(list.addObject(), c.token(), c.logprob());
            ArrayNode top = one.putArray("top");
            for (Choice.Scored s : c.top()) scored(top.addObject(), s.token(), s.logprob());
        }
    }

    private ObjectNode scored(ObjectNode node, int token, double logprob) {
        return node.put("token", token)
                .put("piece", model.tokenizer().piece(token))
                .put("logprob", logprob);
    }
}
