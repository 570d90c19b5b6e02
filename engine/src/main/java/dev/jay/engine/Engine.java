// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.schedule.Admission;
import dev.jay.engine.schedule.SchedulerPolicy;
import dev.jay.engine.schedule.Step;
import dev.jay.kv.prefix.PageReplacement;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

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
     * @param tier          where idle prefixes go that give way; borrowed
     * @param parking       where answers are kept that are not done when it is closed; borrowed
     * @param admission     for how many tokens a sequence must have room when it is let in
     * @param weights       of tenants: who has twice the weight gets twice the tokens where the policy is fair
     * @param patience      nanoseconds that an answer may wait for its reader before it is ended
     * @param pressure      how short memory is around the process; asked a few times a second
     * @param waker         called from any thread when there is something to do
     */
    public record Settings(
            int contextLength,
            int stepTokens,
            int queueLimit,
            LongSupplier clock,
            LongSupplier seeds,
            PageReplacement replacement,
            PrefixTier tier,
            Parking parking,
            Admission admission,
            ToDoubleFunction<String> weights,
            long patience,
            Supplier<Pressure> pressure,
            Runnable waker) {}

    private static final System.Logger LOG = System.getLogger(Engine.class.getName());

    private final Settings settings;
    private final Forward forward;
    private final SchedulerPolicy policy;
    private final Intake intake;
    private final Queue<Sequence> arrived = new ConcurrentLinkedQueue<>();
    private final AtomicInteger queued = new AtomicInteger();
    private final List<Sequence> waiting = new ArrayList<>();
    private final List<Sequence> running = new ArrayList<>();
    private final Prefixes prefixes;
    private final Promises promises;
    private final Tenants tenants;
    private final Relief relief;
    private int paused;
    private long promptTokens;
    private long reusedTokens;
    private long decodedTokens;
    private long finished;
    private long failed;
    private long preempted;
    private long resumed;
    private long arrivals;
    private volatile boolean closed;
    private volatile EngineStatus status;

    public Engine(Forward forward, Tokenizer tokenizer, SchedulerPolicy policy, Settings settings) {
        this.forward = forward;
        this.policy = policy;
        this.settings = settings;
        this.intake = new Intake(settings, tokenizer, forward);
        this.prefixes = new Prefixes(forward, settings.replacement(), settings.tier());
        this.promises = new Promises(forward, prefixes, settings.admission());
        this.tenants = new Tenants(settings.weights());
        this.relief = new Relief(settings.pressure(), settings.waker());
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
        Sequence s = intake.take(request, sink);
        int before = queued.getAndUpdate(n -> n < settings.queueLimit() ? n + 1 : n);
        if (before >= settings.queueLimit()) throw new QueueFullException(before, settings.queueLimit());
        arrived.add(s);
        // Seen or taken back: closing sets the flag before it empties the queue.
        if (closed && arrived.remove(s)) throw closedAlready();
        settings.waker().run();
        return s;
    }

    /** Throws as {@link #submit} would, but for what depends on others. From any thread. */
    void check(Request request) {
        intake.check(request);
    }

    private static IllegalStateException closedAlready() {
        return new IllegalStateException("the model is closed: no request can be taken");
    }

    /** What the request's prompt comes to: BOS where it is empty. From any thread. */
    int[] promptOf(Request request) {
        return intake.promptOf(request);
    }

    /** One duty cycle. Returns the tokens worked on; 0 means there was nothing to do. */
    public int step() {
        drain();
        prefixes.land();
        long now = settings.clock().getAsLong();
        endThoseThatMust(now);
        relief.look(now, prefixes, running, this::giveWay);
        int worked = 0;
        if (!running.isEmpty() || !waiting.isEmpty()) {
            try {
                List<Sequence> ready = readyOnes(now);
                promises.grow(running, new HashSet<>(ready), this::giveWay);
                ready.removeIf(s -> s.cache == null);
                int most = Math.min(settings.stepTokens(), forward.mostTokens());
                Step<Sequence> step = promises.plan(
                        policy, ready, waiting, running.size(), most, relief.mostRunning(forward.mostRows()));
                admit(step, now);
                for (Numerics numerics : Numerics.values()) worked += run(step, numerics);
            } catch (RuntimeException | Error e) { // a broken policy: nobody can go on, but the next request may
                LOG.log(System.Logger.Level.ERROR, "the step failed", e);
                for (Sequence s : all()) finish(s, FinishReason.FAILED, e);
            }
        }
        publish();
        relief.tell();
        if (running.isEmpty()) promises.checkIdle();
        return worked;
    }

    private void drain() {
        for (Sequence s; (s = arrived.poll()) != null; ) {
            s.id = ++arrivals;
            s.share = tenants.arrived(s.request.tenant());
            waiting.add(s);
            goOn(s);
        }
    }

    /** From where it was when a process before was closed, if it was. */
    private void goOn(Sequence s) {
        try {
            Optional<Parking.Answer> parked = settings.parking().take(s.request, s.prompt());
            if (parked.isEmpty()) return;
            if (s.goOn(parked.get(), forward.vocabulary(), settings.clock().getAsLong())) resumed++;
        } catch (RuntimeException | Error e) {
            finish(s, FinishReason.FAILED, e);
        }
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

    private List<Sequence> readyOnes(long now) {
        List<Sequence> ready = new ArrayList<>();
        for (Sequence s : List.copyOf(running)) {
            try {
                if (s.sink.isReady()) {
                    s.pausedSince = -1;
                    ready.add(s);
                } else if (s.pausedSince < 0) {
                    s.pausedSince = now;
                } else if (now - s.pausedSince > settings.patience()) {
                    finish(s, FinishReason.CANCELLED, new TimeoutException("nobody read the answer"));
                }
            } catch (RuntimeException | Error e) {
                finish(s, FinishReason.FAILED, e);
            }
        }
        paused = running.size() - ready.size();
        return ready;
    }

    /** Its pages go; what they hold is an idle prefix until somebody needs them. It waits again, before who came later. */
    private void giveWay(Sequence s) {
        prefixes.end(s, true);
        promises.giveBack(s);
        running.remove(s);
        int at = 0;
        while (at < waiting.size() && Sequence.OLDEST_FIRST.compare(waiting.get(at), s) < 0) at++;
        waiting.add(at, s);
        queued.incrementAndGet();
        preempted++;
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
        int tokens = 0;
        for (Step.Chunk<Sequence> c : step.chunks()) {
            Sequence s = c.sequence();
            if (s.finished || s.request.numerics() != numerics) continue;
            Forward.Slice slice = s.slice(c.count(), rows);
            if (slice.count() == 0) continue; // no rows of logits are left: the next step
            rows -= slice.rows();
            tokens += slice.count();
            slices.add(slice);
            owners.add(s);
        }
        if (slices.isEmpty()) return 0;
        for (int i = 0; i < slices.size(); i++)
            owners.get(i).share.charge(slices.get(i).count());
        if (runTogether(owners, slices, numerics, slices.size() == 1)) return tokens;
        for (int i = 0; i < slices.size(); i++) {
            runTogether(List.of(owners.get(i)), List.of(slices.get(i)), numerics, true);
        }
        return tokens;
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
        int token = s.sampler.sample(logits.row(row), s.tokens(), s.length(), s.mask());
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
        tenants.left(s.request.tenant(), s.share);
        finished++;
        if (reason == FinishReason.FAILED) failed++;
        try {
            s.sink.onFinish(new Finish(reason, usage, Optional.ofNullable(cause), s.sampler.seed(), s.stop()));
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
                failed,
                preempted,
                resumed,
                relief.pressure(),
                relief.shedPages(),
                settings.tier().stats(),
                running.stream().map(Sequence::live).toList());
    }

    /** From any thread: lets go of so many pages of idle prefixes, to the tier where there is one. Says how many went. */
    CompletableFuture<Integer> letGo(int pages) {
        return relief.ask(pages);
    }

    /** Whether anything is left to watch: running, waiting, or arrived. For the thread that steps. */
    public boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty() && arrived.isEmpty();
    }

    /** Whether there is what memory that runs short could be relieved of, though nothing runs. For the thread that steps. */
    public boolean couldShed() {
        return prefixes.idlePages() > 0;
    }

    /** Ends every answer (CANCELLED, and the cause says that the model was closed), parks it, and gives every page back. */
    @Override
    public void close() {
        closed = true;
        drain();
        Throwable cause = new IllegalStateException("the model was closed while the answer was running");
        for (Sequence s : all()) {
            if (!s.isCancelled()) settings.parking().park(s.request, s.prompt(), s.soFar());
            finish(s, FinishReason.CANCELLED, cause);
        }
        relief.end();
        prefixes.close();
        promises.checkIdle();
        publish();
    }
}
