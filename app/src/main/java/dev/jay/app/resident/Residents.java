// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.app.resident.Standing.State;
import dev.jay.engine.Model;
import dev.jay.engine.NeverFitsException;
import dev.jay.tensor.Threads;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Models that share one budget: loaded when somebody wants them, unloaded when they have been idle for long or when
 * another needs their bytes. Each is opened as it would be alone in the budget; the bytes granted to those in memory never
 * exceed it. Who wants a model that is not here waits; models are loaded one at a time, in the order in which they were
 * first wanted. Where room is short, idle ones go, longest unused first; where that is not enough, those next to go take
 * nobody new in until they are idle, so that whoever waits has a turn. A model in use is never unloaded. Thread-safe.
 */
public final class Residents implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Residents.class.getName());

    private final Map<String, Resident> all = new LinkedHashMap<>();
    private final Deque<Resident> wanted = new ArrayDeque<>(); // to be loaded, or loaded and next to go; each once
    private final Set<Resident> leaving = new HashSet<>(); // take nobody new in
    private final long budget;
    private final KeepAlive keepAlive;
    private final LongSupplier clock;
    private final Thread thread;
    private long lost; // bytes of models that did not close cleanly
    private boolean closed;

    /**
     * @param sources   with names of their own; none is opened yet
     * @param budget    bytes for all of them together; {@link Long#MAX_VALUE} for no limit
     * @param keepAlive of a model whose requests do not say
     * @param clock     nanoseconds
     */
    public Residents(List<? extends ModelSource> sources, long budget, KeepAlive keepAlive, LongSupplier clock) {
        this.budget = budget;
        this.keepAlive = keepAlive;
        this.clock = clock;
        for (ModelSource source : sources) {
            if (all.put(source.name(), new Resident(source, keepAlive)) != null) {
                throw new IllegalArgumentException("models: two are called " + source.name());
            }
        }
        if (all.isEmpty()) throw new IllegalArgumentException("models: there is none");
        this.thread = Thread.ofPlatform().daemon().name("jay-models").start(this::run);
    }

    /** One model that its caller has opened, and closes after this. */
    public static Residents of(String name, Model model) {
        long budget = model.memory().budget();
        Residents one = new Residents(
                List.of(new OpenSource(name, model, Instant.now())), budget, KeepAlive.FOREVER, System::nanoTime);
        Resident only = one.all.get(name);
        synchronized (one) {
            only.model = model;
            only.grant = budget;
            only.state = State.LOADED;
        }
        return one;
    }

    /** Somebody's wish for a model: waits, then holds it, until closed. For one thread. */
    public final class Use implements AutoCloseable {
        private final Resident resident;
        private final KeepAlive keep;
        private boolean held;
        private boolean over;
        private Throwable failure;

        private Use(Resident resident, KeepAlive keep) {
            this.resident = resident;
            this.keep = keep;
        }

        /**
         * Waits for the model for at most so long. Returns whether it is here.
         *
         * @throws LoadException         if it could not be loaded
         * @throws ModelsClosedException if the models are closed
         */
        public boolean await(Duration most) throws InterruptedException {
            synchronized (Residents.this) {
                long end = System.nanoTime() + most.toNanos();
                while (!held) {
                    if (failure != null) throw new LoadException(resident.source.name(), failure);
                    if (closed) throw new ModelsClosedException();
                    long left = end - System.nanoTime();
                    if (left <= 0) return false;
                    TimeUnit.NANOSECONDS.timedWait(Residents.this, left);
                }
                return true;
            }
        }

        /** What clients call it. */
        public String name() {
            return resident.source.name();
        }

        /** The model, once {@link #await} said that it is here. Good until this is closed. */
        public Model model() {
            synchronized (Residents.this) {
                if (!held || over) throw new IllegalStateException("the model is not held: " + name());
                return resident.model;
            }
        }

        /** Lets go of the model, or waits for it no more. */
        @Override
        public void close() {
            synchronized (Residents.this) {
                if (over) return;
                over = true;
                if (held) {
                    resident.holders--;
                    resident.lastUsed = clock.getAsLong();
                } else {
                    resident.waiting.remove(this);
                }
                Residents.this.notifyAll();
            }
        }
    }

    /** Wants a model. The caller closes what it gets. @throws IllegalArgumentException if there is none of that name */
    public synchronized Use want(String name, Optional<KeepAlive> keep) {
        Resident r = all.get(name);
        if (r == null) throw new IllegalArgumentException("models: none is called so");
        if (closed) throw new ModelsClosedException();
        Use use = new Use(r, keep.orElse(keepAlive));
        if (r.state == State.LOADED && !leaving.contains(r)) {
            hold(use);
        } else {
            r.waiting.add(use);
            if (!wanted.contains(r)) wanted.add(r);
            notifyAll();
        }
        return use;
    }

    private void hold(Use use) {
        Resident r = use.resident;
        use.held = true;
        r.holders++;
        r.keep = use.keep;
        r.lastUsed = clock.getAsLong();
    }

    /** Unloads a model as soon as nobody uses it; returns when it is gone, or at once where it is in use. */
    public synchronized void unload(String name) throws InterruptedException {
        Resident r = all.get(name);
        r.keep = KeepAlive.NOT_AT_ALL;
        notifyAll();
        while (!closed && (r.isIdle() && r.endsAt() <= clock.getAsLong() || r.state == State.UNLOADING)) wait();
    }

    /** All of them, in their order. */
    public synchronized List<Standing> standings() {
        List<Standing> list = new ArrayList<>();
        long now = clock.getAsLong();
        for (Resident r : all.values()) {
            Optional<Model> model = r.state == State.LOADED ? Optional.of(r.model) : Optional.empty();
            Optional<Instant> ends = r.endsAt() == Long.MAX_VALUE
                    ? Optional.empty()
                    : Optional.of(Instant.now().plusNanos(r.endsAt() - now));
            list.add(new Standing(r.source, r.state, model, r.failure != null, r.holders, ends));
        }
        return list;
    }

    /** What clients may call them. */
    public Set<String> names() {
        return all.keySet(); // never changed
    }

    /** Bytes for all of them together. */
    public long budget() {
        return budget;
    }

    /** Bytes of the budget that belong to models in memory, or to nobody any more. */
    public synchronized long granted() {
        return lost + all.values().stream().mapToLong(r -> r.grant).sum();
    }

    private void run() {
        try {
            for (Runnable job = next(); job != null; job = next()) job.run();
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.ERROR, "the thread that loads models was interrupted", e);
        }
    }

    /** What is to be done next, outside of the lock: asks a file, loads, or unloads. Waits for it; null at the end. */
    private synchronized Runnable next() throws InterruptedException {
        while (true) {
            if (closed) return null;
            Runnable job = expired();
            if (job == null) job = turn();
            if (job != null) return job;
            long soonest =
                    all.values().stream().mapToLong(Resident::endsAt).min().orElse(Long.MAX_VALUE);
            if (soonest == Long.MAX_VALUE) wait();
            else TimeUnit.NANOSECONDS.timedWait(this, Math.max(1_000_000, soonest - clock.getAsLong()));
        }
    }

    private Runnable expired() {
        long now = clock.getAsLong();
        for (Resident r : all.values()) if (r.endsAt() <= now) return unloading(r);
        return null;
    }

    /** The next step for whoever waits longest, as things are now; lets in whoever need not wait any more. */
    private Runnable turn() {
        while (true) {
            wanted.removeIf(r -> r.waiting.isEmpty());
            leaving.clear();
            Optional<Resident> head =
                    wanted.stream().filter(r -> r.state == State.UNLOADED).findFirst();
            if (head.isPresent() && canNeverFit(head.get())) {
                Resident r = head.get();
                failed(
                        r,
                        new NeverFitsException(
                                "bytes of --memory beside Java's own", budget, needed(r), "model=" + r.source.name()));
                continue;
            }
            Runnable job = head.map(this::towards).orElse(null);
            for (Resident r : List.copyOf(wanted)) if (r.state == State.LOADED && !leaving.contains(r)) admit(r);
            return job;
        }
    }

    /** What a model needs, as far as it is known. */
    private static long needed(Resident r) {
        return r.needed == Resident.UNKNOWN ? r.tooLittle + 1 : r.needed;
    }

    private boolean canNeverFit(Resident r) {
        return needed(r) > (budget == Long.MAX_VALUE ? budget : budget - lost);
    }

    private Runnable towards(Resident r) {
        long free = budget == Long.MAX_VALUE ? budget : budget - granted();
        if (needed(r) > free) return makeRoom(needed(r) - free);
        r.state = State.LOADING;
        if (r.needed == Resident.UNKNOWN) return () -> ask(r, free);
        wanted.remove(r);
        if (budget < Long.MAX_VALUE) r.grant = all.size() == 1 ? free : r.needed;
        return () -> load(r, budget == Long.MAX_VALUE ? budget : r.grant);
    }

    private Runnable makeRoom(long bytes) {
        List<Resident> order = new ArrayList<>(
                all.values().stream().filter(r -> r.state == State.LOADED).toList());
        order.sort(Comparator.comparing((Resident r) -> !r.isIdle())
                .thenComparing(r -> r.keep.isForever())
                .thenComparingLong(r -> r.lastUsed));
        long coming = 0;
        for (Resident r : order) {
            if (coming >= bytes) break;
            leaving.add(r);
            coming += r.grant;
        }
        return order.stream()
                .filter(r -> leaving.contains(r) && r.isIdle())
                .findFirst()
                .map(this::unloading)
                .orElse(null);
    }

    /** How much a model needs, from its file. */
    private void ask(Resident r, long free) {
        OptionalLong needed = OptionalLong.of(0);
        Throwable failure = null;
        try {
            if (all.size() > 1) needed = r.source.neededBytes(free, budget);
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        }
        synchronized (this) {
            r.state = State.UNLOADED;
            if (failure != null) failed(r, failure);
            else if (needed.isEmpty()) r.tooLittle = free;
            else r.needed = needed.getAsLong();
        }
    }

    private void load(Resident r, long bytes) {
        Model model = null;
        Throwable failure = null;
        try {
            model = r.source.open(bytes);
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        }
        synchronized (this) {
            if (failure != null) {
                r.grant = 0;
                failed(r, failure);
                return;
            }
            r.model = model;
            r.failure = null;
            r.state = State.LOADED;
            r.keep = keepAlive;
            r.lastUsed = clock.getAsLong();
            admit(r);
        }
    }

    private void admit(Resident r) {
        r.waiting.forEach(this::hold);
        r.waiting.clear();
        wanted.remove(r);
        notifyAll();
    }

    /** Those who wait are told; who wants it after this has it tried again. */
    private void failed(Resident r, Throwable failure) {
        r.state = State.UNLOADED;
        r.needed = Resident.UNKNOWN;
        r.tooLittle = -1;
        r.failure = failure;
        r.waiting.forEach(use -> use.failure = failure);
        r.waiting.clear();
        wanted.remove(r);
        notifyAll();
    }

    private Runnable unloading(Resident r) {
        r.state = State.UNLOADING;
        return () -> unload(r);
    }

    private void unload(Resident r) {
        long kept = close(r);
        synchronized (this) {
            lost += kept;
            r.model = null;
            r.grant = 0;
            r.state = State.UNLOADED;
            notifyAll();
        }
    }

    /** Returns the bytes that it did not give back. */
    private static long close(Resident r) {
        try {
            r.source.close(r.model);
            return 0;
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a model did not close cleanly: " + r.source.name(), e);
            return r.model.memory().promised();
        }
    }

    /** Ends running answers, and closes every model. Who waits for one is told. Closing again does nothing. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) return;
            closed = true;
            notifyAll();
        }
        Threads.awaitEnd(thread);
        for (Resident r : all.values()) if (r.model != null) close(r);
    }
}
