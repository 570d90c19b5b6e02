// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Arithmetic;
import dev.jay.engine.plan.CheaperRecall;
import dev.jay.engine.plan.Needs;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Planner;
import dev.jay.engine.plan.Probe;
import dev.jay.engine.plan.Setup;
import dev.jay.engine.plan.Wishes;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.prefix.Recall;
import dev.jay.kv.tier.FileTier;
import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architecture;
import dev.jay.model.arch.Architectures;
import dev.jay.model.arch.Transformer;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.StreamedWeights;
import dev.jay.model.load.WeightSource;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * A model file whose header was read and whose matrices were bound to code; nothing of the weights is in memory. All that
 * a plan asks, and all that is opened by it. What it opens is its {@link Owned}'s.
 */
final class BoundModel implements Needs {
    private static final System.Logger LOG = System.getLogger(BoundModel.class.getName());
    private static final Pattern SHARED_INPUT = Pattern.compile("\\.(attn_k|attn_v|ffn_up)(_exps)?\\.");
    private static final String FAST_RECIPE = "keys=f16 values=f16";

    private final Owned owned;
    private final Path file;
    private final ModelOptions options;
    private final String name;
    private final Memory memory;
    private final WeightSource source;
    private final Architecture architecture;
    private final ModelSpec spec;
    private final ModelSpec bindingSpec; // of the context that is wished for: some families turn positions by it
    private final CpuOps ops;
    private final String kernels;
    private final String machine; // what it was measured as, if it was
    private final Map<Numerics, KvRecipe> recipes;
    private final Map<Numerics, Transformer> resident;
    private final Adapters adapters;
    private StreamedWeights streaming; // made when it is asked for
    private Map<Numerics, Transformer> streamed;

    BoundModel(Path file, ModelOptions options, Owned owned) throws IOException {
        this(file, options, owned, _ -> {});
    }

    /** @param headerRead is told what the file says, before the longer part of the work begins */
    BoundModel(Path file, ModelOptions options, Owned owned, Consumer<Metadata> headerRead) throws IOException {
        this.owned = owned;
        this.file = file;
        this.options = options;
        this.name = String.valueOf(file.toAbsolutePath().normalize().getFileName());
        this.memory = options.memory()
                .orElseGet(() ->
                        owned.add(Memory.withBudget(options.budgetBytes().orElse(Long.MAX_VALUE)), Memory::close));
        this.source = owned.add(ModelFiles.open(memory, file), WeightSource::close);
        headerRead.accept(metadata());
        this.architecture = Architectures.of(metadata());
        this.spec = fromFile(() -> architecture.spec(metadata()));
        Cpu cpu = options.cpu().orElseGet(Cpu::detect);
        KernelChoice choice = owned.add(kernels(cpu, options, memory), KernelChoice::close);
        this.kernels = choice.describe();
        Workers workers = owned.add(Workers.of(options.threads().orElse(cpu.cores())), Workers::close);
        this.machine = Machine.name(cpu, choice, workers);
        Wishes wishes = wishes();
        int context = wishes.context().orElse(wishes.mostContext());
        this.bindingSpec = spec.isEncoder() ? spec : spec.withContextLength(context);
        int rows = wishes.mostStep(context);
        this.ops = owned.add(new CpuOps(memory, workers, choice, rows), CpuOps::close);
        this.recipes = recipes(options);
        Supplier<Map<Numerics, Transformer>> building = () -> build(new MappedWeights(source));
        // a recipe of the caller's that does not fit the model is no fault of the file
        this.resident = options.kvRecipe().isPresent() ? building.get() : fromFile(building);
        this.adapters = Adapters.open(options.adapters(), spec, source, ops, rows, memory, owned);
    }

    private static KernelChoice kernels(Cpu cpu, ModelOptions options, Memory memory) throws IOException {
        String forced = options.kernels().orElse(null);
        return options.perfMap().isEmpty()
                ? KernelProviders.choose(cpu, forced, memory)
                : KernelProviders.choose(cpu, forced, memory, options.perfMap().get());
    }

    /** What a file says is read here: a value that no code of ours takes is the file's fault, not the caller's. */
    <T> T fromFile(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw malformed("the model file " + name + " cannot be used: ", e);
        }
    }

    static MalformedModelException malformed(String what, RuntimeException e) {
        MalformedModelException told = new MalformedModelException(what + e.getMessage());
        told.initCause(e);
        return told;
    }

    private static Map<Numerics, KvRecipe> recipes(ModelOptions options) {
        Map<Numerics, KvRecipe> recipes = new EnumMap<>(Numerics.class);
        for (Numerics numerics : Numerics.values()) {
            String text = options.kvRecipe().orElse(numerics == Numerics.EXACT ? "" : FAST_RECIPE);
            recipes.put(numerics, KvRecipe.parse(text));
        }
        return recipes;
    }

    /** One transformer where both modes keep keys and values alike, else one each: binding copies no weights. */
    private Map<Numerics, Transformer> build(Weights weights) {
        Map<KvRecipe, Transformer> built = new HashMap<>();
        Map<Numerics, Transformer> transformers = new EnumMap<>(Numerics.class);
        recipes.forEach((numerics, recipe) -> {
            KvCalibration measured = recipe.wantsCalibration()
                    ? CalibrationFile.of(file).read(recipe, source, spec)
                    : KvCalibration.NONE;
            List<KvRecipe> each = recipe.each(spec.kvShape().streams().size(), measured);
            transformers.put(
                    numerics, built.computeIfAbsent(recipe, _ -> architecture.build(bindingSpec, weights, ops, each)));
        });
        return transformers;
    }

    Wishes wishes() {
        return OpeningWishes.of(spec, options);
    }

    /** Of these wishes, with the budget that is left. */
    Plan plan(Wishes other) {
        return Planner.plan(this, budgetLeft(), other);
    }

    Plan plan() {
        return plan(wishes());
    }

    /** The budget, counted from what this model took. */
    private long budgetLeft() {
        if (memory.budget() == Long.MAX_VALUE) return Long.MAX_VALUE;
        return memory.budget() - memory.promised() + sum(reserved());
    }

    private static long sum(Map<String, Long> rows) {
        return rows.values().stream().reduce(0L, Long::sum);
    }

    /** Takes what the plan set aside. The weights come last: what stays of them is read now. */
    TransformerForward open(Plan plan) throws IOException {
        if (!plan.fits()) throw Planner.refusal(plan);
        Setup s = plan.setup();
        if (s.contextLength() > spec.contextLength()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} is opened with a longer context than it was made for: contextLength={1}, the model''s={2}",
                    name,
                    Integer.toString(s.contextLength()),
                    Integer.toString(spec.contextLength()));
        }
        TransformerForward forward = owned.add(
                new TransformerForward(
                        transformers(s),
                        memory,
                        s.contextLength(),
                        s.parallel(),
                        s.stepTokens(),
                        s.layerRows(),
                        adapters,
                        ops),
                Forward::close);
        if (plan.split().isPresent()) streaming.start(memory, plan.split().get());
        else source.files().forEach(MappedFile::claim);
        return forward;
    }

    /** Where prefixes go that give way, and answers that are not done. @param waker called when one has been read back */
    Tiers.Opened tiers(Plan plan, Forward forward, Runnable waker) throws IOException {
        if (options.kvFile().isEmpty()) return Tiers.Opened.NONE;
        boolean measured = recipes.get(Numerics.FAST).wantsBases(); // of which coded bytes say nothing themselves
        String how = kernels + stretching() + (measured ? "; " + kvRecipes(Numerics.FAST) : "");
        Recall recall = recall(plan, options.kvFile().get());
        return Tiers.open(options, owned, source, how, recipes, forward, memory, recall, waker);
    }

    /** Where nobody measured this machine and this disk all that the file has is read. */
    private Recall recall(Plan plan, Path kvFile) throws IOException {
        Optional<Probe> probe = options.probes().apply(machine);
        if (probe.isEmpty()) return Recall.ALWAYS;
        Path folder = Objects.requireNonNullElse(kvFile.toAbsolutePath().getParent(), kvFile.getRoot());
        Optional<Double> rate = probe.get().diskRate(Files.getFileStore(folder).toString());
        if (rate.isEmpty()) return Recall.ALWAYS;
        return new CheaperRecall(arithmetic(), plan, probe.get(), rate.get(), rate.get());
    }

    /** Keys of files that stretch their context depend on how far it is. */
    private String stretching() {
        ModelSpec.Rotary rotary = spec.rotary();
        if (rotary == null || rotary.original() == 0) return "";
        return "; long: " + (bindingSpec.contextLength() > rotary.original());
    }

    Map<Numerics, Transformer> transformers(Setup setup) {
        if (!setup.streamed()) return resident;
        if (streamed == null) streamed = build(streaming());
        return streamed;
    }

    private StreamedWeights streaming() {
        if (streaming == null) {
            try {
                streaming = owned.add(new StreamedWeights(source, spec.layers()), StreamedWeights::close);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return streaming;
    }

    @Override
    public long weightBytes() {
        return source.files().stream().mapToLong(f -> f.bytes().byteSize()).sum();
    }

    @Override
    public List<Long> parts() {
        return streaming().partBytes();
    }

    @Override
    public Map<String, Long> taken() {
        Map<String, Long> rows = reserved();
        if (options.kvFile().isPresent()) rows.put("kv-tier", FileTier.STAGING_BYTES); // at most, but for huge strides
        return rows;
    }

    private Map<String, Long> reserved() {
        Map<String, Long> rows = new TreeMap<>(memory.reservedByPurpose());
        rows.remove("weights");
        return rows;
    }

    @Override
    public Working working(Setup s) {
        Map<Numerics, Transformer> transformers = transformers(s);
        TransformerForward.Sizes sizes = TransformerForward.Sizes.of(
                transformers.values(), s.contextLength(), s.parallel(), s.stepTokens(), s.layerRows());
        Transformer fast = transformers.get(Numerics.FAST);
        return new Working(
                sizes.kvBytes(),
                sizes.scratchBytes(),
                fast.scratchBytes(s.stepTokens(), s.layerRows(), Math.min(sizes.mostRows(), s.parallel())));
    }

    @Override
    public Arithmetic arithmetic() {
        Map<String, Long> bytes = new TreeMap<>();
        Map<String, Long> weights = new TreeMap<>();
        Map<String, Long> inputs = new TreeMap<>();
        Map<String, Long> outputs = new TreeMap<>();
        Map<String, Long> head = new TreeMap<>();
        for (WeightSource.Entry e : source.entries()) {
            if (!e.name().startsWith("blk.") || e.dims().size() < 2) continue;
            long count = e.dims().stream().reduce(1L, Math::multiplyExact);
            double used = e.dims().size() < 3
                    ? 1
                    : (double) spec.experts().used() / spec.experts().count();
            bytes.merge(format(e), (long) (used * e.bytes().byteSize()), Long::sum);
            weights.merge(format(e), (long) (used * count), Long::sum);
            long times = e.dims().size() < 3 ? 1 : spec.experts().used();
            outputs.merge(format(e), times * e.dims().get(1), Long::sum);
            if (!SHARED_INPUT.matcher(e.name()).find())
                inputs.merge(format(e), times * e.dims().get(0), Long::sum);
        }
        head.put(format(head()), head().bytes().byteSize());
        TransformerForward.Sizes one = TransformerForward.Sizes.of(resident.values(), 1024, 1, 1, 1);
        return new Arithmetic(
                bytes,
                weights,
                inputs,
                outputs,
                head,
                spec.layers(),
                one.kvBytes(resident.get(Numerics.FAST), 1024) / 1024,
                4L * spec.heads() * spec.headDim() * spec.layers(),
                rowValues());
    }

    /** The matrices that every token reads, as the file has them; of experts the first. */
    List<Tensor> matrices() {
        List<Tensor> all = new ArrayList<>();
        for (WeightSource.Entry e : source.entries()) {
            WeightFormat format = WeightFormats.byGgmlType(e.type()).orElse(null);
            boolean isRead = e.name().startsWith("blk.") || e == head();
            if (!isRead || e.dims().size() < 2 || format == null) continue;
            int cols = Math.toIntExact(e.dims().get(0));
            int rows = Math.toIntExact(e.dims().get(1));
            all.add(new Tensor(e.bytes().asSlice(0, rows * format.bytesFor(cols)), format, rows, cols));
        }
        return all;
    }

    private WeightSource.Entry head() {
        WeightSource.Entry own = source.find("output.weight");
        return own == null ? source.find("token_embd.weight") : own;
    }

    private long rowValues() {
        long hidden = spec.experts().count() == 0
                ? spec.hidden()
                : (long) spec.experts().used() * spec.experts().hidden()
                        + spec.experts().sharedHidden();
        return (4L * spec.dim() + (long) (spec.heads() + spec.kvHeads()) * spec.headDim() + hidden) * spec.layers();
    }

    private static String format(WeightSource.Entry e) {
        return WeightFormats.byGgmlType(e.type()).map(WeightFormat::name).orElse(e.typeName());
    }

    Adapters adapters() {
        return adapters;
    }

    Memory memory() {
        return memory;
    }

    CpuOps ops() {
        return ops;
    }

    List<KvRecipe> kvRecipes(Numerics numerics) {
        return resident.get(numerics).recipes();
    }

    WeightSource source() {
        return source;
    }

    Metadata metadata() {
        return source.metadata();
    }

    ModelSpec spec() {
        return spec;
    }

    String name() {
        return name;
    }

    /** Which kernels run and how keys and values are kept. */
    String describe() {
        StringBuilder kv = new StringBuilder(ops.describe());
        adapters.list()
                .forEach(a ->
                        kv.append("; adapter: ").append(a.name()).append(' ').append(a.digest()));
        if (spec.isEncoder()) return kv.append("; an encoder: no kv").toString();
        resident.forEach((numerics, t) -> kv.append("; kv for ")
                .append(numerics)
                .append(": ")
                .append(t.recipes().getFirst()));
        return kv.toString();
    }
}
