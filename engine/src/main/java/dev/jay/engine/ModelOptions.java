// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Probe;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.memory.Memory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/** How a model is opened. Immutable; each {@code with} returns a changed copy. */
public final class ModelOptions {
    /** The longest context taken where none is named. */
    public static final int DEFAULT_CONTEXT = 4096;

    private OptionalLong budgetBytes = OptionalLong.empty();
    private Optional<Memory> memory = Optional.empty();
    private OptionalInt contextLength = OptionalInt.empty();
    private int parallel = 1;
    private OptionalInt threads = OptionalInt.empty();
    private Optional<String> kernels = Optional.empty();
    private Optional<Cpu> cpu = Optional.empty();
    private Optional<Path> perfMap = Optional.empty();
    private Optional<String> kvRecipe = Optional.empty();
    private OptionalDouble quality = OptionalDouble.empty();
    private String scheduler = "first-come";
    private String replacement = "least-recent";
    private String admission = "promise";
    private ToDoubleFunction<String> weights = _ -> 1;
    private Duration patience = Duration.ofMinutes(5);
    private List<AdapterFile> adapters = List.of();
    private Optional<Path> kvFile = Optional.empty();
    private long kvFileBytes = 4L << 30;
    private Function<String, Optional<Probe>> probes = _ -> Optional.empty();
    private int queueLimit = 64;
    private int stepTokens = 512; // a step reads every weight once, whatever its tokens
    private LongSupplier clock = System::nanoTime;
    private Clock wallClock = Clock.systemDefaultZone();
    private LongSupplier seeds = () -> ThreadLocalRandom.current().nextLong();

    private ModelOptions() {}

    public static ModelOptions defaults() {
        return new ModelOptions();
    }

    private ModelOptions copy() {
        ModelOptions o = new ModelOptions();
        o.budgetBytes = budgetBytes;
        o.memory = memory;
        o.contextLength = contextLength;
        o.parallel = parallel;
        o.threads = threads;
        o.kernels = kernels;
        o.cpu = cpu;
        o.perfMap = perfMap;
        o.kvRecipe = kvRecipe;
        o.quality = quality;
        o.scheduler = scheduler;
        o.replacement = replacement;
        o.admission = admission;
        o.weights = weights;
        o.patience = patience;
        o.adapters = adapters;
        o.kvFile = kvFile;
        o.kvFileBytes = kvFileBytes;
        o.probes = probes;
        o.queueLimit = queueLimit;
        o.stepTokens = stepTokens;
        o.clock = clock;
        o.wallClock = wallClock;
        o.seeds = seeds;
        return o;
    }

    /** The most bytes Jay may hold beside the heap, weights among them; no limit unless set. */
    public ModelOptions withBudgetBytes(long bytes) {
        atLeastOne("budgetBytes", bytes);
        ModelOptions o = copy();
        o.budgetBytes = OptionalLong.of(bytes);
        return o;
    }

    /** Books to enter all off-heap bytes in, instead of books of the model's own. The caller closes them, after the model. */
    public ModelOptions withMemory(Memory value) {
        ModelOptions o = copy();
        o.memory = Optional.of(value);
        return o;
    }

    /**
     * The most tokens of a sequence, prompt and answer together. Unless set: the model's own, at most
     * {@link #DEFAULT_CONTEXT}. May be longer than the model was made for; a warning says so.
     */
    public ModelOptions withContextLength(int tokens) {
        atLeastOne("contextLength", tokens);
        ModelOptions o = copy();
        o.contextLength = OptionalInt.of(tokens);
        return o;
    }

    /**
     * How many sequences of full length the KV pages are made for; 1 unless set. More of them run side by side while
     * what they can come to need fits. There is always room for one in each numerics mode.
     */
    public ModelOptions withParallel(int sequences) {
        atLeastOne("parallel", sequences);
        ModelOptions o = copy();
        o.parallel = sequences;
        return o;
    }

    /** Compute threads; as many as this process may use cores unless set. */
    public ModelOptions withThreads(int count) {
        atLeastOne("threads", count);
        ModelOptions o = copy();
        o.threads = OptionalInt.of(count);
        return o;
    }

    /** The kernel provider, by its name in the catalog; the best that runs here unless set. */
    public ModelOptions withKernels(String provider) {
        ModelOptions o = copy();
        o.kernels = Optional.of(provider);
        return o;
    }

    /** What this machine can run, where it is not to be found out: a smaller one forces slower paths. */
    public ModelOptions withCpu(Cpu value) {
        ModelOptions o = copy();
        o.cpu = Optional.of(value);
        return o;
    }

    /**
     * For debugging: a file, replaced if it is there, for the names and places of functions in machine code, as Linux perf
     * reads them from {@code /tmp/perf-PID.map}; none unless set.
     */
    public ModelOptions withPerfMap(Path file) {
        ModelOptions o = copy();
        o.perfMap = Optional.of(file);
        return o;
    }

    /** How keys and values are kept ({@code keys=f16 values=f16}); unless set f16 for fast requests, f32 for exact ones. */
    public ModelOptions withKvRecipe(String recipe) {
        ModelOptions o = copy();
        o.kvRecipe = Optional.of(recipe);
        return o;
    }

    /**
     * The least quality of the way keys and values are kept, 0 to 1; none unless set. Of the ways that {@code jay bench kv}
     * judged, on this model or else on jay-tiny, the best is taken that fits the budget, and none below this; see
     * {@link Model#kvFloor}. Opening the model fails if none fits, or if {@link #withKvRecipe} names one that is not known
     * to keep it ({@link BelowFloorException}).
     */
    public ModelOptions withQuality(double floor) {
        if (!(floor >= 0 && floor <= 1))
            throw new IllegalArgumentException("model options: quality=" + floor + ", allowed: 0 to 1");
        ModelOptions o = copy();
        o.quality = OptionalDouble.of(floor);
        return o;
    }

    /** The scheduling policy, as its catalog reads it; {@code first-come} unless set. */
    public ModelOptions withScheduler(String policy) {
        ModelOptions o = copy();
        o.scheduler = policy;
        return o;
    }

    /** Which idle prefix gives way when KV pages are short, as its catalog reads it; {@code least-recent} unless set. */
    public ModelOptions withReplacement(String policy) {
        ModelOptions o = copy();
        o.replacement = policy;
        return o;
    }

    /** For how many tokens a sequence must have room when it is let in, as its catalog reads it; {@code promise} unless set. */
    public ModelOptions withAdmission(String policy) {
        ModelOptions o = copy();
        o.admission = policy;
        return o;
    }

    /** What each tenant's share weighs where the scheduling policy is fair; 1 unless set. Called on the engine thread. */
    public ModelOptions withWeights(ToDoubleFunction<String> ofTenant) {
        ModelOptions o = copy();
        o.weights = ofTenant;
        return o;
    }

    /** How long an answer may wait for a reader that has fallen behind before it is ended; five minutes unless set. */
    public ModelOptions withPatience(Duration value) {
        if (value.isNegative())
            throw new IllegalArgumentException("model options: patience=" + value + ", allowed: 0 or more");
        ModelOptions o = copy();
        o.patience = value;
        return o;
    }

    /** One adapter that every request runs with, unless it says otherwise; as {@link #withAdapters}. */
    public ModelOptions withAdapter(Path file) {
        return withAdapters(List.of(AdapterFile.of(file)));
    }

    /**
     * Low-rank adapters that requests may run with, {@link Model#adapters} in this order; none unless set. Opening the
     * model fails if one is not of it. Their bytes are in the books ({@code adapter}, {@code adapter-scratch}).
     */
    public ModelOptions withAdapters(List<AdapterFile> files) {
        ModelOptions o = copy();
        o.adapters = List.copyOf(files);
        return o;
    }

    /**
     * Where keys and values go of prefixes that give way in memory, to be read back when they come again, in this process
     * or a later one; nowhere unless set. Opening the model fails if the file is another model's.
     */
    public ModelOptions withKvFile(Path file) {
        ModelOptions o = copy();
        o.kvFile = Optional.of(file);
        return o;
    }

    /** The most bytes of that file; 4 GiB unless set. The least recently used prefix makes room. */
    public ModelOptions withKvFileBytes(long bytes) {
        atLeastOne("kvFileBytes", bytes);
        ModelOptions o = copy();
        o.kvFileBytes = bytes;
        return o;
    }

    /**
     * What is known of machines, by {@link Machine#name}. Where this one and its disk are, what a file of prefixes has is
     * read back only where that is cheaper than computing it again.
     */
    public ModelOptions withProbes(Function<String, Optional<Probe>> known) {
        ModelOptions o = copy();
        o.probes = Objects.requireNonNull(known, "probes");
        return o;
    }

    /** The most requests that wait; one more is refused with {@link QueueFullException}. 64 unless set. */
    public ModelOptions withQueueLimit(int requests) {
        atLeastOne("queueLimit", requests);
        ModelOptions o = copy();
        o.queueLimit = requests;
        return o;
    }

    /** The most tokens of one step, of all sequences together; 512 unless set. More need more working memory. */
    public ModelOptions withStepTokens(int tokens) {
        atLeastOne("stepTokens", tokens);
        ModelOptions o = copy();
        o.stepTokens = tokens;
        return o;
    }

    /** Where times come from, in nanoseconds; {@link System#nanoTime} unless set. */
    public ModelOptions withClock(LongSupplier nanos) {
        ModelOptions o = copy();
        o.clock = nanos;
        return o;
    }

    /** What chat templates that ask for the date are told; the system's unless set. */
    public ModelOptions withWallClock(Clock value) {
        ModelOptions o = copy();
        o.wallClock = value;
        return o;
    }

    /** Where the seed of a request comes from that names none; random unless set. */
    public ModelOptions withSeeds(LongSupplier value) {
        ModelOptions o = copy();
        o.seeds = value;
        return o;
    }

    private static void atLeastOne(String knob, long value) {
        if (value < 1)
            throw new IllegalArgumentException("model options: " + knob + "=" + value + ", allowed: 1 or more");
    }

    public OptionalLong budgetBytes() {
        return budgetBytes;
    }

    public Optional<Memory> memory() {
        return memory;
    }

    public OptionalInt contextLength() {
        return contextLength;
    }

    public int parallel() {
        return parallel;
    }

    public OptionalInt threads() {
        return threads;
    }

    public Optional<String> kernels() {
        return kernels;
    }

    public Optional<Cpu> cpu() {
        return cpu;
    }

    public Optional<Path> perfMap() {
        return perfMap;
    }

    public List<AdapterFile> adapters() {
        return adapters;
    }

    public Optional<String> kvRecipe() {
        return kvRecipe;
    }

    public OptionalDouble quality() {
        return quality;
    }

    public String scheduler() {
        return scheduler;
    }

    public String replacement() {
        return replacement;
    }

    public String admission() {
        return admission;
    }

    public ToDoubleFunction<String> weights() {
        return weights;
    }

    public Duration patience() {
        return patience;
    }

    public Optional<Path> kvFile() {
        return kvFile;
    }

    public long kvFileBytes() {
        return kvFileBytes;
    }

    public Function<String, Optional<Probe>> probes() {
        return probes;
    }

    public int queueLimit() {
        return queueLimit;
    }

    public int stepTokens() {
        return stepTokens;
    }

    public LongSupplier clock() {
        return clock;
    }

    public Clock wallClock() {
        return wallClock;
    }

    public LongSupplier seeds() {
        return seeds;
    }
}
