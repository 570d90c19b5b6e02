// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Candidates;
import dev.jay.engine.sample.Sampler;
import dev.jay.engine.schedule.SchedulerPolicy;
import dev.jay.engine.schedule.Step;
import dev.jay.kv.prefix.PageReplacement;
import dev.jay.model.text.TextDecoder;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * The loop: take what has arrived, ask the policy what to run, run it, hand out the tokens. One thread calls
 * {@link #step} and {@link #close}; any thread may {@link #submit}, cancel, or ask for {@link #status}. Knows no HTTP,
 * no files and no clock but the one it is given. Borrows its Forward.
 */
public final class Engine implements AutoCloseable {
    /**
     * @param contextLength the most tokens of a sequence
     * @param stepTokens    the most tokens of a step
     * @param queueLimit    the most requests that wait
     * @param clock         nanoseconds
     * @param seeds         for requests that name none
     * @param replacement   which idle prefix gives way when pages are short
     * @param waker         called from any thread when there is something to do
     */
    public record Settings(
            int contextLength,
            int stepTokens,
            int queueLimit,
            LongSupplier clock,
            LongSupplier seeds,
            PageReplacement replacement,
            Runnable waker) {}

    private static final System.Logger LOG = System.getLogger(Engine.class.getName());

    private final Settings settings;
    private final Tokenizer tokenizer;
    private final Forward forward;
    private final SchedulerPolicy policy;
    private final Candidates candidates;
    private final Queue<Sequence> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final List<Sequence> waiting = new ArrayList<>();
    private final List<Sequence> running = new ArrayList<>();
    private final Prefixes prefixes;
    private final Promises promises;
    private int paused;
    private long promptTokens;
    private long reusedTokens;
    private long decodedTokens;
    private long finished;
    private long failed;
    private volatile boolean closed;
    private volatile EngineStatus status;

    public Engine(Forward forward, Tokenizer tokenizer, SchedulerPolicy policy, Settings settings) {
        this.forward = forward;
        this.tokenizer = tokenizer;
        this.policy = policy;
        this.settings = settings;
        this.candidates = new Candidates(forward.vocabulary());
        this.prefixes = new Prefixes(forward, settings.replacement());
        this.promises = new Promises(forward, prefixes);
        publish();
    }

    /**
     * Takes a request up, or says at once why not.
     *
     * @throws IllegalArgumentException if it names a token that the model does not have, or is empty without a BOS
     * @throws ContextFullException     if prompt and answer do not fit the context
     * @throws NeverFitsException       if it needs more KV pages than there are
     * @throws QueueFullException       if too many wait already
     * @throws IllegalStateException    if the engine is closed
     */
    public Ticket submit(Request request, TokenSink sink) {
        if (closed) throw closedAlready();
        int[] prompt = promptOf(request);
        int limit = limitOf(request, prompt.length);
        int pages = forward.pagesFor(limit, request.numerics());
        if (pages > forward.pool().size()) {
            throw new NeverFitsException(
                    "kv pages", forward.pool().size(), pages, "tokens=" + limit + ", numerics=" + request.numerics());
        }
        Sampler sampler = new Sampler(request.sampling(), settings.seeds().getAsLong(), candidates);
        Sequence s = new Sequence(
                request,
                prompt,
                limit,
                request.ends(tokenizer),
                sink,
                sampler,
                new TextDecoder(tokenizer, false),
                settings.clock().getAsLong(),
                settings.waker());
        int before = queued.getAndUpdate(n -> n < settings.queueLimit() ? n + 1 : n);
        if (before >= settings.queueLimit()) throw new QueueFullException(before, settings.queueLimit());
        arrived.add(s);
        // Seen or taken back: closing sets the flag before it empties the queue.
        if (closed && arrived.remove(s)) throw closedAlready();
        settings.waker().run();
        return s;
    }

    private static IllegalStateException closedAlready() {
        return new IllegalStateException("the model is closed: no request can be taken");
    }

    /** What the request's prompt comes to: BOS where it is empty. From any thread. */
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

    /** One duty cycle. Returns the tokens worked on; 0 means there was nothing to do. */
    public int step() {
        drain();
        long now = settings.clock().getAsLong();
        endThoseThatMust(now);
        int worked = 0;
        if (!running.isEmpty() || !waiting.isEmpty()) {
            try {
                Step<Sequence> step = promises.plan(policy, readyOnes(), waiting, running.size(), mostTokens());
                admit(step, now);
                for (Numerics numerics : Numerics.values()) worked += run(step, numerics);
            } catch (RuntimeException | Error e) { // a broken policy: nobody can go on, but the next request may
                LOG.log(System.Logger.Level.ERROR, "the step failed", e);
                for (Sequence s : all()) finish(s, FinishReason.FAILED, e);
            }
        }
        publish();
        if (running.isEmpty()) promises.checkIdle();
        return worked;
    }

    private int mostTokens() {
        return Math.min(settings.stepTokens(), forward.mostTokens());
    }

    private void drain() {
        for (Sequence s; (s = arrived.poll()) != null; ) waiting.add(s);
    }

    private List<Sequence> all() {
        List<Sequence> all = new ArrayList<>(running);
        all.addAll(waiting);
        return all;
    }

    private void endThoseThatMust(long now) {
        for (Sequence s : all()) {
            if (s.isCancelled()) {
                finish(s, FinishReason.CANCELLED, null);
            } else if (s.isOver(now)) {
                finish(
                        s,
                        FinishReason.CANCELLED,
                        new TimeoutException("time limit reached: timeLimit="
                                + s.request.timeLimit().orElseThrow()));
            }
        }
    }

    private List<Sequence> readyOnes() {
        List<Sequence> ready = new ArrayList<>();
        for (Sequence s : List.copyOf(running)) {
            try {
                if (s.sink.isReady()) ready.add(s);
            } catch (RuntimeException | Error e) {
                finish(s, FinishReason.FAILED, e);
            }
        }
        paused = running.size() - ready.size();
        return ready;
    }

    private void admit(Step<Sequence> step, long now) {
        for (Step.Chunk<Sequence> c : step.chunks()) {
            Sequence s = c.sequence();
            if (s.cache != null) continue;
            waiting.remove(s);
            running.add(s);
            queued.decrementAndGet();
            try {
                s.started(now);
                prefixes.start(s, running);
                s.reused(s.computed());
                reusedTokens += s.computed();
            } catch (RuntimeException | Error e) {
                finish(s, FinishReason.FAILED, e);
            }
        }
    }

    /** Runs the chunks of one mode; where that fails, each alone, so that only who is to blame ends. */
    private int run(Step<Sequence> step, Numerics numerics) {
        List<Forward.Slice> slices = new ArrayList<>();
        List<Sequence> owners = new ArrayList<>();
        int rows = forward.mostRows();
        for (Step.Chunk<Sequence> c : step.chunks()) {
            Sequence s = c.sequence();
            if (s.finished || s.request.numerics() != numerics) continue;
            Forward.Slice slice = sliceOf(s, c.count(), rows);
            if (slice.count() == 0) continue; // no rows of logits are left: the next step
            rows -= slice.rows();
            slices.add(slice);
            owners.add(s);
        }
        if (slices.isEmpty()) return 0;
        if (runTogether(owners, slices, numerics, slices.size() == 1)) return tokensOf(slices);
        for (int i = 0; i < slices.size(); i++) {
            runTogether(List.of(owners.get(i)), List.of(slices.get(i)), numerics, true);
        }
        return tokensOf(slices);
    }

    private static Forward.Slice sliceOf(Sequence s, int planned, int rows) {
        int from = s.computed();
        int count = Math.min(planned, s.pending());
        int wanted = s.logitsFrom(from + count);
        if (from + count - wanted > rows) {
            count = wanted + rows - from;
            wanted = Math.min(wanted, from + count);
        }
        return new Forward.Slice(s.cache, s.tokens(), from, count, wanted);
    }

    private static int tokensOf(List<Forward.Slice> slices) {
        return slices.stream().mapToInt(Forward.Slice::count).sum();
    }

    private boolean runTogether(List<Sequence> owners, List<Forward.Slice> slices, Numerics numerics, boolean fail) {
        Logits logits;
        try {
            logits = new Logits(forward.run(numerics, slices), forward.vocabulary());
        } catch (RuntimeException | Error e) {
            if (fail) for (Sequence s : owners) finish(s, FinishReason.FAILED, e);
            return false;
        }
        int row = 0;
        for (int i = 0; i < slices.size(); i++) {
            Sequence s = owners.get(i);
            try {
                promises.shared(s, prefixes.extend(s));
                deliver(s, slices.get(i), logits, row);
            } catch (RuntimeException | Error e) {
                finish(s, FinishReason.FAILED, e);
            }
            row += slices.get(i).rows();
        }
        return true;
    }

    private void deliver(Sequence s, Forward.Slice slice, Logits logits, int firstRow) {
        int to = slice.from() + slice.count();
        promptTokens += Math.max(0, Math.min(to, s.promptLength()) - slice.from());
        for (int place = slice.logitsFrom(); place < to && s.request.scoresFrom() >= 0; place++) {
            if (place + 1 >= s.promptLength()) break; // what follows is not the prompt's
            int row = firstRow + place - slice.logitsFrom();
            s.scored(place + 1);
            s.sink.onPromptScore(place + 1, logits.logprob(row, s.tokens()[place + 1]));
        }
        if (s.pending() > 0) return;
        if (s.limit() == s.promptLength()) {
            finish(s, FinishReason.LENGTH, null);
            return;
        }
        int row = firstRow + slice.rows() - 1;
        int token = s.sampler.sample(logits.row(row), s.tokens(), s.length());
        decodedTokens++;
        Choice choice = logits.choice(row, token, s.request.logprobs());
        FinishReason reason = s.accept(choice, settings.clock().getAsLong());
        if (reason != null) finish(s, reason, null);
    }

    private void finish(Sequence s, FinishReason reason, Throwable cause) {
        if (s.finished) return;
        s.finished = true;
        Usage usage = s.usage(settings.clock().getAsLong());
        if (running.remove(s)) {
            prefixes.end(s, reason != FinishReason.FAILED);
        } else if (waiting.remove(s)) {
            queued.decrementAndGet();
        }
        promises.giveBack(s);
        finished++;
        if (reason == FinishReason.FAILED) failed++;
        try {
            s.sink.onFinish(new Finish(reason, usage, Optional.ofNullable(cause), s.sampler.seed()));
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.WARNING, "a sink failed in its last call", e);
        }
    }

    /** From any thread: as of the last step. */
    public EngineStatus status() {
        return status;
    }

    private void publish() {
        status = new EngineStatus(
                running.size(),
                paused,
                waiting.size(),
                forward.pool().size(),
                forward.pool().free(),
                prefixes.pinnedPages(),
                prefixes.idlePages(),
                promptTokens,
                reusedTokens,
                decodedTokens,
                finished,
                failed);
    }

    /** Whether anything is left to watch: running, waiting, or arrived. For the thread that steps. */
    public boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty() && arrived.isEmpty();
    }

    /** Ends every answer (CANCELLED, and the cause says that the model was closed) and gives every page back. */
    @Override
    public void close() {
        closed = true;
        drain();
        Throwable cause = new IllegalStateException("the model was closed while the answer was running");
        for (Sequence s : all()) finish(s, FinishReason.CANCELLED, cause);
        prefixes.close();
        promises.checkIdle();
        publish();
    }
}
