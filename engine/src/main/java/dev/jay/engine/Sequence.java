// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Sampler;
import dev.jay.engine.sample.grammar.Constraint;
import dev.jay.engine.sample.grammar.TokenMask;
import dev.jay.engine.schedule.Work;
import dev.jay.kv.prefix.PrefixHold;
import dev.jay.model.text.TextDecoder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One request being worked on. Confined to the engine thread, but for what the ticket does. */
final class Sequence implements Work, Ticket {
    // written out, as comparators of the library's making are linked anew by every start
    static final Comparator<Sequence> OLDEST_FIRST =
            (a, b) -> a.submitted != b.submitted ? Long.compare(a.submitted, b.submitted) : Long.compare(a.id, b.id);
    /** The last one gives way first. */
    static final Comparator<Sequence> FIRST_TO_STAY_FIRST = (a, b) ->
            a.priority() != b.priority() ? Integer.compare(b.priority(), a.priority()) : OLDEST_FIRST.compare(a, b);

    final Request request;
    final TokenSink sink;
    final long submitted;
    private final long timeLimit; // nanoseconds
    private final Set<Integer> ends;
    private final Runnable waker;
    private final Constraint constraint; // null: any text
    private final TextDecoder decoder;
    private final StopText stopText;
    private final int promptLength;
    private final int limit;
    private final List<Choice> fresh = new ArrayList<>(); // chosen, not yet delivered
    Sampler sampler;
    private int[] tokens;
    private int length;
    private int nextScore; // place of the prompt
    private int reused = -1;
    private boolean ran;
    private long started;
    private long firstToken;
    private long lastToken;
    private volatile boolean cancelled;
    SequenceCache cache;
    PrefixHold hold;
    Tenants.Share share; // from when the engine took it up
    long pausedSince = -1;
    long id;
    int promised; // KV pages of its own
    int promisedTokens; // that these are for
    int pureTokens = -1; // as Forward says, once it was asked
    int sentFor; // times that some of it was sent for, from the tier
    boolean finished;

    Sequence(
            Request request,
            int[] prompt,
            int limit,
            Set<Integer> ends,
            TokenSink sink,
            Sampler sampler,
            Constraint constraint,
            TextDecoder decoder,
            long now,
            Runnable waker) {
        this.request = request;
        this.sink = sink;
        this.sampler = sampler;
        this.constraint = constraint;
        this.decoder = decoder;
        this.ends = ends;
        this.waker = waker;
        this.stopText = new StopText(request.stops());
        this.tokens = prompt;
        this.length = prompt.length;
        this.promptLength = prompt.length;
        this.limit = limit;
        this.submitted = now;
        this.nextScore = request.scoresFrom();
        this.timeLimit = request.timeLimit().map(Sequence::nanos).orElse(Long.MAX_VALUE);
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public int pending() {
        return length - computed();
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public int priority() {
        return request.priority();
    }

    @Override
    public long firstTokenBy() {
        if (generated() > 0 || request.firstTokenIn().isEmpty()) return Long.MAX_VALUE;
        long in = nanos(request.firstTokenIn().get());
        return in > Long.MAX_VALUE - Math.max(0, submitted) ? Long.MAX_VALUE : submitted + in;
    }

    @Override
    public double served() {
        return share.served();
    }

    /** Tokens whose keys and values are in the cache, or will be when it is filled with what is held for it. */
    int computed() {
        return cache != null ? cache.length() : hold != null ? hold.tokens() : 0;
    }

    int promptLength() {
        return promptLength;
    }

    int[] tokens() {
        return tokens;
    }

    int generated() {
        return length - promptLength;
    }

    boolean isCancelled() {
        return cancelled;
    }

    boolean isOver(long now) {
        return now - submitted >= timeLimit;
    }

    /** As many as a long holds: centuries are as good as no limit. */
    static long nanos(Duration limit) {
        return limit.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0 ? Long.MAX_VALUE : limit.toNanos();
    }

    void started(long now) {
        if (ran) return;
        started = now;
        ran = true;
    }

    /** What its first cache brought along. */
    void reused(int tokens) {
        if (reused < 0) reused = tokens;
    }

    /** Whether logprobs of the prompt's tokens are still to be told, from {@link #nextScore} on. */
    boolean scoresLeft() {
        return nextScore >= 0 && nextScore < promptLength;
    }

    int nextScore() {
        return nextScore;
    }

    void scored(int place) {
        nextScore = place + 1;
    }

    /** The first place whose logits are wanted when tokens up to {@code to} run; {@code to} if none are. */
    int logitsFrom(int to) {
        if (scoresLeft() && computed() < promptLength - 1) {
            // the logits after token i score token i + 1
            return Math.clamp(nextScore - 1L, computed(), to);
        }
        return to == length && limit > promptLength ? to - 1 : to;
    }

    /** So many tokens of what is pending, fewer where no more than {@code rows} rows of logits are left. */
    Forward.Slice slice(int planned, int rows) {
        int from = computed();
        int count = Math.min(Math.min(planned, pending()), cache.nextEnd() - from);
        int wanted = logitsFrom(from + count);
        if (from + count - wanted > rows) {
            count = wanted + rows - from;
            wanted = Math.min(wanted, from + count);
        }
        return new Forward.Slice(cache, tokens, from, count, wanted, request.hidden(), adapters());
    }

    AdapterMix adapters() {
        return request.adapters().orElse(AdapterMix.NONE);
    }

    int[] promptEnds() {
        return request.promptEnds().isEmpty()
                ? new int[] {promptLength}
                : request.promptEnds().stream().mapToInt(Integer::intValue).toArray();
    }

    int[] prompt() {
        return Arrays.copyOf(tokens, promptLength);
    }

    Parking.Answer soFar() {
        return new Parking.Answer(sampler.seed(), Arrays.copyOfRange(tokens, promptLength, length));
    }

    /** Has it begin with what was chosen before, as if it were chosen now. Returns false where that cannot be. */
    boolean goOn(Parking.Answer parked, int vocabulary, long now) {
        if (promptLength + parked.tokens().length >= limit) return false;
        for (int token : parked.tokens()) if (token < 0 || token >= vocabulary || ends.contains(token)) return false;
        sampler = sampler.withSeed(parked.seed());
        for (int token : parked.tokens()) accept(new Choice(token, Double.NaN, List.of()), now);
        return true;
    }

    /** The tokens that may come next; null where any may. */
    TokenMask mask() {
        return constraint == null ? null : constraint.mask();
    }

    /** Takes up a token that was chosen and what it does to the text. Returns why the answer ends with it, or null. */
    FinishReason accept(Choice choice, long now) {
        if (generated() == 0) firstToken = now;
        lastToken = now;
        if (length == tokens.length) tokens = Arrays.copyOf(tokens, Math.min(limit, Math.max(16, 2 * length)));
        tokens[length++] = choice.token();
        fresh.add(choice);
        if (ends.contains(choice.token())) {
            deliver(stopText.next(decoder.finish()) + stopText.flush(), true);
            return FinishReason.STOP;
        }
        if (constraint != null) constraint.accept(choice.token());
        boolean whole = constraint != null && constraint.state().mustEnd();
        String text = stopText.next(decoder.next(choice.token()));
        boolean last = length == limit || whole;
        if (last && !stopText.isFound()) text += stopText.next(decoder.finish()) + stopText.flush();
        deliver(text, last || stopText.isFound());
        return stopText.isFound() || whole ? FinishReason.STOP : last ? FinishReason.LENGTH : null;
    }

    /** The stop string that ended it, if one did. */
    Optional<String> stop() {
        return Optional.ofNullable(stopText.found());
    }

    private void deliver(String text, boolean last) {
        if (text.isEmpty() && !last) return;
        List<Choice> chosen = List.copyOf(fresh);
        fresh.clear();
        sink.onPiece(new Piece(text, chosen));
    }

    EngineStatus.Live live() {
        int shared = hold == null ? 0 : hold.sharedPages();
        return new EngineStatus.Live(id, length, computed(), limit, shared, promised);
    }

    Usage usage(long now) {
        long began = ran ? started : now;
        long first = generated() > 0 ? firstToken : now;
        return new Usage(
                promptLength,
                Math.max(0, reused),
                generated(),
                began - submitted,
                first - began,
                generated() > 0 ? lastToken - first : 0);
    }

    @Override
    public void cancel() {
        cancelled = true;
        waker.run();
    }

    @Override
    public void wake() {
        waker.run();
    }
}
