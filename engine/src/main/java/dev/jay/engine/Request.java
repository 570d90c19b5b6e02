// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.model.HiddenRows;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.kernel.Numerics;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/** What a caller asks for. Immutable; each {@code with} returns a changed copy. */
public final class Request {
    /** The most alternatives a token can be listed with. */
    public static final int MOST_LOGPROBS = 20;

    private static final int MOST_STOPS = 64;
    private static final int LONGEST_STOP = 1024;

    private int[] prompt;
    private Sampling sampling = Sampling.DEFAULT;
    private Numerics numerics = Numerics.FAST;
    private OptionalInt maxTokens = OptionalInt.empty();
    private List<String> stops = List.of();
    private Set<Integer> stopTokens = Set.of();
    private int logprobs = -1;
    private int scoresFrom = -1;
    private boolean ignoreEos;
    private Optional<Duration> timeLimit = Optional.empty();
    private String tenant = "";
    private boolean shared = true;
    private List<Integer> promptEnds = List.of();
    private int priority;
    private Optional<Duration> firstToken = Optional.empty();
    private Optional<Grammar> grammar = Optional.empty();
    private Set<Integer> writtenTokens = Set.of();
    private Optional<AdapterMix> adapters = Optional.empty();
    private HiddenRows hidden; // null: nobody wants them

    private Request(int[] prompt) {
        this.prompt = prompt;
    }

    /** To go on after these tokens. An empty prompt runs on the model's BOS, if it has one. */
    public static Request of(int... prompt) {
        return new Request(prompt.clone());
    }

    private Request copy() {
        Request r = new Request(prompt);
        r.sampling = sampling;
        r.numerics = numerics;
        r.maxTokens = maxTokens;
        r.stops = stops;
        r.stopTokens = stopTokens;
        r.logprobs = logprobs;
        r.scoresFrom = scoresFrom;
        r.ignoreEos = ignoreEos;
        r.timeLimit = timeLimit;
        r.tenant = tenant;
        r.shared = shared;
        r.promptEnds = promptEnds;
        r.priority = priority;
        r.firstToken = firstToken;
        r.grammar = grammar;
        r.writtenTokens = writtenTokens;
        r.adapters = adapters;
        r.hidden = hidden;
        return r;
    }

    public Request withPrompt(int... tokens) {
        Request r = copy();
        r.prompt = tokens.clone();
        return r;
    }

    public Request withSampling(Sampling value) {
        Request r = copy();
        r.sampling = value;
        return r;
    }

    public Request withNumerics(Numerics value) {
        Request r = copy();
        r.numerics = value;
        return r;
    }

    /** The most tokens of the answer; what is left of the context unless set. 0 runs the prompt and chooses nothing. */
    public Request withMaxTokens(int tokens) {
        if (tokens < 0) throw new IllegalArgumentException("request: maxTokens=" + tokens + ", allowed: 0 or more");
        Request r = copy();
        r.maxTokens = OptionalInt.of(tokens);
        return r;
    }

    /** Texts that end the answer, wherever tokens begin and end in them. They are not part of it. */
    public Request withStops(List<String> texts) {
        if (texts.size() > MOST_STOPS || texts.stream().anyMatch(s -> s.isEmpty() || s.length() > LONGEST_STOP)) {
            throw new IllegalArgumentException("request: stops count=" + texts.size() + ", lengths="
                    + texts.stream().limit(MOST_STOPS).map(String::length).toList() + ", allowed: at most " + MOST_STOPS
                    + " texts of 1 to " + LONGEST_STOP + " characters");
        }
        Request r = copy();
        r.stops = List.copyOf(texts);
        return r;
    }

    public Request withStops(String... texts) {
        return withStops(List.of(texts));
    }

    /** Tokens that end the answer, besides the model's own. They are not text. */
    public Request withStopTokens(Set<Integer> tokens) {
        Request r = copy();
        r.stopTokens = Set.copyOf(tokens);
        return r;
    }

    /** Asks for the logprob of each token chosen and of this many likeliest ones; -1: none at all. */
    public Request withLogprobs(int count) {
        if (count < -1 || count > MOST_LOGPROBS) {
            throw new IllegalArgumentException(
                    "request: logprobs=" + count + ", allowed: -1 (none) to " + MOST_LOGPROBS);
        }
        Request r = copy();
        r.logprobs = count;
        return r;
    }

    /**
     * Asks for the logprobs of the prompt's own tokens, from this place of it on (the first token has none); they go to
     * {@link TokenSink#onPromptScore}. -1: none.
     */
    public Request withPromptScores(int from) {
        if (from < -1) throw new IllegalArgumentException("request: promptScores=" + from + ", allowed: -1 or more");
        Request r = copy();
        r.scoresFrom = from;
        return r;
    }

    /** Whether the model's own end tokens do not end the answer. They are still not text. */
    public Request withIgnoreEos(boolean value) {
        Request r = copy();
        r.ignoreEos = value;
        return r;
    }

    /** Cancels the answer this long after it was submitted. */
    public Request withTimeLimit(Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException("request: timeLimit=" + value + ", allowed: more than 0");
        }
        Request r = copy();
        r.timeLimit = Optional.of(value);
        return r;
    }

    /** Whose it is. Requests of different tenants share no keys and values, whatever they say. */
    public Request withTenant(String name) {
        Request r = copy();
        r.tenant = Objects.requireNonNull(name, "tenant");
        return r;
    }

    /** Whether keys and values are taken over from others that begin alike, and left to them. True unless set. */
    public Request withSharing(boolean value) {
        Request r = copy();
        r.shared = value;
        return r;
    }

    /**
     * Places where prompts end, for recipes that forget tokens there ({@code evict=}) or that read only some from the last
     * on ({@code select=}): after so many tokens each. The end of this prompt unless set; a conversation says where its
     * earlier ones ended, so that it forgets what it forgot then.
     */
    public Request withPromptEnds(int... places) {
        for (int place : places) {
            if (place < 1) throw new IllegalArgumentException("request: promptEnd=" + place + ", allowed: 1 or more");
        }
        Request r = copy();
        r.promptEnds = IntStream.of(places).boxed().toList();
        return r;
    }

    /** Higher goes first, where the scheduling policy looks at it. 0 unless set. */
    public Request withPriority(int value) {
        Request r = copy();
        r.priority = value;
        return r;
    }

    /** How long after it was submitted the first token is wanted: policies may look at it; nothing ends by it. */
    public Request withFirstTokenIn(Duration value) {
        if (value.isNegative())
            throw new IllegalArgumentException("request: firstTokenIn=" + value + ", allowed: 0 or more");
        Request r = copy();
        r.firstToken = Optional.of(value);
        return r;
    }

    /** The adapters that it runs with, of {@link Model#adapters}; those that are the model's default unless set. */
    public Request withAdapters(AdapterMix value) {
        Request r = copy();
        r.adapters = Optional.of(value);
        return r;
    }

    /** Who gets the rows of the tokens after the last norm, on the engine thread. All are computed: it shares nothing. */
    Request withHidden(HiddenRows taker) {
        Request r = copy();
        r.hidden = taker;
        r.shared = false;
        return r;
    }

    HiddenRows hidden() {
        return hidden;
    }

    /**
     * The answer is a text of this grammar. It ends where nothing more is allowed, and by the model's own end tokens only
     * where it may.
     */
    public Request withGrammar(Grammar value) {
        Request r = copy();
        r.grammar = Optional.of(value);
        return r;
    }

    /** Control tokens that are text in the answer, as the vocabulary writes them: marks of tool calls, of reasoning. */
    public Request withWrittenTokens(Set<Integer> tokens) {
        Request r = copy();
        r.writtenTokens = Set.copyOf(tokens);
        return r;
    }

    public int[] prompt() {
        return prompt.clone();
    }

    public Sampling sampling() {
        return sampling;
    }

    public Numerics numerics() {
        return numerics;
    }

    public OptionalInt maxTokens() {
        return maxTokens;
    }

    public List<String> stops() {
        return stops;
    }

    public Set<Integer> stopTokens() {
        return stopTokens;
    }

    public int logprobs() {
        return logprobs;
    }

    public int scoresFrom() {
        return scoresFrom;
    }

    public boolean ignoreEos() {
        return ignoreEos;
    }

    public Optional<Duration> timeLimit() {
        return timeLimit;
    }

    public String tenant() {
        return tenant;
    }

    public boolean isShared() {
        return shared;
    }

    /** Empty: the end of this one. */
    public List<Integer> promptEnds() {
        return promptEnds;
    }

    public int priority() {
        return priority;
    }

    public Optional<Duration> firstTokenIn() {
        return firstToken;
    }

    public Optional<Grammar> grammar() {
        return grammar;
    }

    public Set<Integer> writtenTokens() {
        return writtenTokens;
    }

    /** Empty: those that are the model's default when it begins. */
    public Optional<AdapterMix> adapters() {
        return adapters;
    }

    /** The tokens that end the answer. */
    Set<Integer> ends(Tokenizer tokenizer) {
        Set<Integer> ends = new HashSet<>(stopTokens());
        if (!ignoreEos() || grammar.isPresent()) ends.addAll(tokenizer.endOfGeneration());
        return ends;
    }
}
