// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Candidates;
import dev.jay.engine.sample.Sampler;
import dev.jay.engine.sample.grammar.Constraint;
import dev.jay.engine.sample.grammar.GrammarCache;
import dev.jay.model.text.TextDecoder;
import dev.jay.model.text.Tokenizer;

/** Holds a request against what the model and its pages can do at all, and makes a sequence of it. From any thread. */
final class Intake {
    private final Engine.Settings settings;
    private final Tokenizer tokenizer;
    private final Forward forward;
    private final Candidates candidates;
    private final GrammarCache grammars;

    Intake(Engine.Settings settings, Tokenizer tokenizer, Forward forward) {
        this.settings = settings;
        this.tokenizer = tokenizer;
        this.forward = forward;
        this.candidates = new Candidates(forward.vocabulary(), forward::greatest);
        this.grammars = new GrammarCache(tokenizer);
    }

    /** As {@link Engine#submit} throws, but for what depends on others. */
    Sequence take(Request request, TokenSink sink) {
        int[] prompt = promptOf(request);
        int limit = checkRoom(request, prompt);
        boolean forgets = forward.forgets(request.numerics());
        return new Sequence(
                forgets ? request.withSharing(false) : request,
                prompt,
                limit,
                request.ends(tokenizer),
                sink,
                new Sampler(request.sampling(), settings.seeds().getAsLong(), candidates),
                request.grammar()
                        .map(g -> new Constraint(grammars.masks(g, request.writtenTokens())))
                        .orElse(null),
                new TextDecoder(tokenizer, false, request.writtenTokens()),
                settings.clock().getAsLong(),
                settings.waker());
    }

    void check(Request request) {
        checkRoom(request, promptOf(request));
    }

    /** The most tokens that it may come to. */
    private int checkRoom(Request request, int[] prompt) {
        checkNothingWantedOfTheUnread(request, prompt.length);
        int limit = limitOf(request, prompt.length);
        int pages = forward.pagesFor(limit, request.numerics());
        if (pages > forward.pool().size()) {
            throw new NeverFitsException(
                    "kv pages", forward.pool().size(), pages, "tokens=" + limit + ", numerics=" + request.numerics());
        }
        return limit;
    }

    private void checkNothingWantedOfTheUnread(Request request, int prompt) {
        int end =
                request.promptEnds().stream().mapToInt(Integer::intValue).max().orElse(prompt);
        if (end <= forward.mostUnfiltered(request.numerics())) return;
        boolean scores = request.scoresFrom() >= 0 && request.scoresFrom() < end;
        if (!scores && request.hidden() == null) return;
        throw new IllegalArgumentException(
                "request: the model runs on some tokens of a prompt only (filter=), so it has"
                        + (scores
                                ? " no scores before its end: promptScores=" + request.scoresFrom()
                                : " no rows of all of it:")
                        + " promptEnd=" + end + ", tokens that pass=" + forward.mostUnfiltered(request.numerics()));
    }

    /** What the request's prompt comes to: BOS where it is empty. */
    int[] promptOf(Request request) {
        int[] prompt = request.prompt();
        if (prompt.length == 0) {
            if (tokenizer.bos() < 0) {
                throw new IllegalArgumentException(
                        "request: the prompt is empty and the model has no BOS token to begin with; wanted at least"
                                + " one token");
            }
            return new int[] {tokenizer.bos()};
        }
        for (int i = 0; i < prompt.length; i++) {
            if (prompt[i] < 0 || prompt[i] >= forward.vocabulary()) {
                throw new IllegalArgumentException("request: prompt token=" + prompt[i] + " at place=" + i
                        + ", allowed: 0 to " + (forward.vocabulary() - 1));
            }
        }
        return prompt;
    }

    private int limitOf(Request request, int prompt) {
        int context = settings.contextLength();
        int most = request.maxTokens().orElse(1);
        if ((long) prompt + most > context) throw new ContextFullException(prompt, most, context);
        return request.maxTokens().isPresent() ? prompt + most : context;
    }
}
