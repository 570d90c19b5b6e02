// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.Shared;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Numerics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** A real model of 260 thousand weights, against a float64 reference and a peer. */
class StoriesAnswersTest {
    private static final String FOLDER = "0-stories260K/";
    private static Model model;

    @BeforeAll
    static void open() throws IOException {
        Path file = Shared.data(FOLDER + "stories260K.gguf");
        model = Model.open(
                file,
                ModelOptions.defaults()
                        .withContextLength(512)
                        .withParallel(4)
                        .withThreads(1)
                        .withCpu(Cpu.SCALAR));
    }

    @AfterAll
    static void close() {
        if (model != null) model.close();
    }

    private static JsonNode json(String file) {
        return new ObjectMapper().readTree(Shared.data(FOLDER + file));
    }

    private static List<Integer> ids(JsonNode array) {
        return array.valueStream().map(JsonNode::asInt).toList();
    }

    private static Request greedy(String prompt, int tokens, Numerics numerics) {
        return Request.of(model.tokenize(prompt))
                .withSampling(Sampling.GREEDY)
                .withNumerics(numerics)
                .withMaxTokens(tokens);
    }

    private static List<Integer> ids(Generation answer) {
        return answer.tokens().stream().map(Choice::token).toList();
    }

    @Test
    void greedyTokensAreTheReferences() {
        for (JsonNode p : json("golden.json").get("prompts")) {
            try (Generation answer = model.generate(greedy(p.get("prompt").asString(), 200, Numerics.EXACT))) {
                assertThat(IntStream.of(answer.promptTokens()).boxed().toList()).isEqualTo(ids(p.get("ids")));
                assertThat(ids(answer)).isEqualTo(ids(p.get("greedy_ids")));
                assertThat(answer.text()).isEqualTo(p.get("greedy_text").asString());
                assertThat(answer.finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void greedyTokensAreThePeersSideBySide(Numerics numerics) {
        List<JsonNode> wanted = json("peer-golden/stories260K-greedy.json")
                .get("outputs")
                .valueStream()
                .toList();
        List<Generation> answers = new ArrayList<>();
        for (JsonNode o : wanted) {
            answers.add(model.generate(greedy(o.get("prompt").asString(), 60, numerics)));
        }
        for (int i = 0; i < wanted.size(); i++) {
            assertThat(ids(answers.get(i)))
                    .isEqualTo(ids(wanted.get(i).get("tokens")).subList(0, 60));
            answers.get(i).close();
        }
    }

    @Test
    void drawsAreTheSameInAnyCompany() {
        Request drawn = greedy("Once upon a time", 40, Numerics.EXACT).withSampling(Sampling.DEFAULT.withSeed(5));
        String alone = model.generate(drawn).text();
        List<Generation> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) answers.add(model.generate(drawn.withSampling(Sampling.DEFAULT.withSeed(4 + i))));
        List<String> texts = answers.stream().map(Generation::text).toList();
        assertThat(texts.get(1)).isEqualTo(alone);
        assertThat(texts).doesNotHaveDuplicates();
    }

    @Test
    void sharingChangesNoAnswerInExactMode() throws InterruptedException {
        String story =
                "Once upon a time, there was a little girl named Lily. She loved to play outside in the sunshine";
        List<Request> requests = new ArrayList<>();
        for (String end : List.of("", ".", ". One day she", " and", ". One day she saw")) {
            requests.add(greedy(story + end, 60, Numerics.EXACT).withLogprobs(2));
            requests.add(greedy(story + end, 60, Numerics.EXACT).withSampling(Sampling.DEFAULT.withSeed(8)));
        }
        for (int round = 0; round < 2; round++) { // cold together, then warm
            List<Generation> shared = requests.stream().map(model::generate).toList();
            int reused = 0;
            for (int i = 0; i < requests.size(); i++) {
                Generation alone = model.generate(requests.get(i).withSharing(false));
                assertThat(shared.get(i).tokens().toString())
                        .isEqualTo(alone.tokens().toString());
                assertThat(alone.usage().reusedTokens()).isZero();
                reused += shared.get(i).usage().reusedTokens();
            }
            assertThat(reused).isGreaterThan(requests.size() * 20);
        }
        while (model.status().running() != 0) Thread.sleep(1); // the status is that of the last whole step
        assertThat(model.status().sharedPages()).isZero();
    }

    @Test
    void logprobsAgreeWithThePeers() {
        JsonNode first =
                json("peer-golden/stories260K-greedy.json").get("outputs").get(0);
        Generation answer = model.generate(
                greedy(first.get("prompt").asString(), 10, Numerics.EXACT).withLogprobs(3));
        List<Choice> choices = answer.tokens();
        for (int i = 0; i < choices.size(); i++) {
            double peer = first.get("logprobs").get(i).get("logprob").asDouble();
            assertThat(choices.get(i).logprob()).isCloseTo(peer, within(2e-3));
            assertThat(choices.get(i).top().getFirst().token())
                    .isEqualTo(choices.get(i).token());
        }
    }

    @Test
    void perplexityIsThePeers() throws IOException {
        for (JsonNode r : json("peer-golden/stories260K-ppl.json").get("results")) {
            if (!r.get("kv").asString().equals("f32")
                    || !r.get("file").asString().equals("tinystory.txt")) continue;
            String text = Files.readString(
                    Shared.data(FOLDER + "peer-golden/" + r.get("file").asString()));
            List<Perplexity.Progress> seen = new ArrayList<>();
            Perplexity.Progress got = Perplexity.measure(
                    model, text, r.get("ctx").asInt(), Perplexity.Method.SECOND_HALF, Numerics.EXACT, seen::add);
            double wanted = r.get("ppl").asDouble();
            assertThat(got.perplexity()).isCloseTo(wanted, within(wanted * 1e-3));
            assertThat(got.error() * got.perplexity()).isCloseTo(r.get("err").asDouble(), within(1e-2));
            assertThat(seen).hasSize(r.get("chunks").asInt());
            if (r.get("ctx").asInt() > 128) continue;
            double every = Perplexity.measure(
                            model, text, r.get("ctx").asInt(), Perplexity.Method.EVERY_TOKEN, Numerics.EXACT, _ -> {})
                    .perplexity();
            assertThat(every).isBetween(wanted / 2, wanted * 2);
        }
    }

    @Test
    void aSessionAnswersAsAFreshOneAndReusesItsCache() {
        List<String> turns = List.of("Tell me a story", "And then?", "The end?");
        List<String> kept = new ArrayList<>();
        int reused = 0;
        try (Session session = model.session()
                .numerics(Numerics.EXACT)
                .sampling(Sampling.GREEDY)
                .maxTokens(12)) {
            session.system("You are terse.");
            for (String turn : turns) {
                Generation answer = session.chat(turn);
                StringBuilder text = new StringBuilder();
                answer.forEach(piece -> text.append(piece.text()));
                kept.add(text.toString());
                reused += answer.usage().reusedTokens();
            }
            assertThat(session.messages()).hasSize(7);
        }
        assertThat(reused).isGreaterThan(80);
        List<Message> messages = new ArrayList<>(List.of(Message.system("You are terse.")));
        for (int i = 0; i < turns.size(); i++) {
            messages.add(Message.user(turns.get(i)));
            Request request = greedy("", 12, Numerics.EXACT).withPrompt(model.chatPrompt(messages));
            String fresh = model.generate(request).text();
            assertThat(kept.get(i)).isEqualTo(fresh);
            messages.add(Message.assistant(fresh));
        }
        assertThat(model.status().failed()).isZero();
    }
}
