// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.schedule.Admissions;
import dev.jay.engine.schedule.SchedulerPolicies;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.prefix.PageReplacements;
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
import dev.jay.model.text.ChatTemplate;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.model.text.jinja.TemplateException;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** A model file, the code bound to it and the engine that runs it. Owns all of them. */
final class LoadedModel implements Model {
    private static final System.Logger LOG = System.getLogger(LoadedModel.class.getName());
    private static final String FAST_RECIPE = "keys=f16 values=f16";

    private final Owned owned;
    private final String name;
    private final Memory memory;
    private final Metadata metadata;
    private final Tokenizer tokenizer;
    private final ModelSpec spec;
    private final int contextLength;
    private final String description;
    private final ChatPrompt chat;
    private final boolean ownTemplate;
    private final Engine engine;

    /** Opens a model; what had been opened before a failure is closed again. */
    static LoadedModel open(Path file, ModelOptions options) throws IOException {
        Owned owned = new Owned();
        try {
            return new LoadedModel(file, options, owned);
        } catch (IOException | RuntimeException | Error e) {
            owned.closeAfter(e);
            throw e;
        }
    }

    private static KernelChoice kernels(Cpu cpu, ModelOptions options, Memory memory) throws IOException {
        String forced = options.kernels().orElse(null);
        return options.perfMap().isEmpty()
                ? KernelProviders.choose(cpu, forced, memory)
                : KernelProviders.choose(cpu, forced, memory, options.perfMap().get());
    }

    private LoadedModel(Path file, ModelOptions options, Owned owned) throws IOException {
        this.owned = owned;
        this.name = String.valueOf(file.getFileName());
        this.memory = options.memory()
                .orElseGet(() ->
                        owned.add(Memory.withBudget(options.budgetBytes().orElse(Long.MAX_VALUE)), Memory::close));
        WeightSource source = owned.add(ModelFiles.open(memory, file), WeightSource::close);
        this.metadata = source.metadata();
        Architecture architecture = Architectures.of(metadata);
        this.spec = fromFile(() -> architecture.spec(metadata));
        this.tokenizer = fromFile(() -> Tokenizers.from(metadata));
        this.contextLength = contextOf(options);
        int most = (int) Math.min(options.stepTokens(), (long) contextLength * options.parallel());

        Cpu cpu = options.cpu().orElseGet(Cpu::detect);
        KernelChoice kernels = owned.add(kernels(cpu, options, memory), KernelChoice::close);
        Workers workers = owned.add(Workers.of(options.threads().orElse(cpu.cores())), Workers::close);
        CpuOps ops = owned.add(new CpuOps(memory, workers, kernels, most), CpuOps::close);
        Map<Numerics, KvRecipe> recipes = recipes(options);
        Supplier<Map<Numerics, Transformer>> building =
                () -> build(architecture, new MappedWeights(source), ops, recipes);
        // a recipe of the caller's that does not fit the model is no fault of the file
        Map<Numerics, Transformer> transformers = options.kvRecipe().isPresent() ? building.get() : fromFile(building);
        ModelRoom room = new ModelRoom(memory, source, contextLength, options.parallel());
        StreamedWeights streamed = null;
        int stepTokens = most;
        if (!room.holdsWeights(transformers, most)) {
            streamed = owned.add(new StreamedWeights(source, spec.layers()), StreamedWeights::close);
            transformers = build(architecture, streamed, ops, recipes);
            stepTokens = room.stepTokens(transformers, most, streamed.leastBytes());
        }
        Forward forward = owned.add(
                new TransformerForward(transformers, memory, contextLength, options.parallel(), stepTokens),
                Forward::close);
        room.settle(streamed);
        this.description = describe(ops, transformers, forward) + (streamed == null ? "" : "; " + streamed.describe());
        Optional<String> template =
                metadata.optionalText("tokenizer.chat_template").filter(t -> !t.isBlank());
        this.ownTemplate = template.isPresent();
        // a template writes BOS itself; ChatML does not
        this.chat = new ChatPrompt(tokenizer, templateOf(template, options), template.isEmpty());

        EngineThread thread = new EngineThread(name);
        this.engine = new Engine(
                forward,
                tokenizer,
                SchedulerPolicies.ALL.make(options.scheduler()),
                new Engine.Settings(
                        contextLength,
                        stepTokens,
                        options.queueLimit(),
                        options.clock(),
                        options.seeds(),
                        PageReplacements.ALL.make(options.replacement()),
                        Admissions.ALL.make(options.admission()),
                        options.weights(),
                        Sequence.nanos(options.patience()),
                        thread::wake));
        thread.start(engine);
        owned.add(thread, EngineThread::close);
    }

    /** What a file says is read here: a value that no code of ours takes is the file's fault, not the caller's. */
    private <T> T fromFile(Supplier<T> reading) {
        try {
            return reading.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw malformed("the model file " + name + " cannot be used: ", e);
        }
    }

    private static MalformedModelException malformed(String what, RuntimeException e) {
        MalformedModelException told = new MalformedModelException(what + e.getMessage());
        told.initCause(e);
        return told;
    }

    /** A template that cannot be read is told to whoever chats: the model can still go on after plain text. */
    private Function<List<Message>, String> templateOf(Optional<String> source, ModelOptions options) {
        ChatTemplate template;
        try {
            template = source.map(ChatTemplate::compile).orElse(ChatTemplate.CHATML);
        } catch (TemplateException e) {
            return _ -> {
                throw malformed("the chat template of " + name + " cannot be used: ", e);
            };
        }
        String bos = tokenizer.bos() < 0 ? null : tokenizer.piece(tokenizer.bos());
        String eos = tokenizer.eos() < 0 ? null : tokenizer.piece(tokenizer.eos());
        return messages -> {
            List<Map<String, Object>> shown = messages.stream()
                    .map(m -> Map.<String, Object>of("role", m.role(), "content", m.content()))
                    .toList();
            return template.render(shown, true, null, bos, eos, Map.of(), options.wallClock());
        };
    }

    private int contextOf(ModelOptions options) {
        int own = spec.contextLength();
        int wanted = options.contextLength().orElse(Math.min(own, ModelOptions.DEFAULT_CONTEXT));
        if (wanted > own) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "{0} is opened with a longer context than it was made for: contextLength={1}, the model''s={2}",
                    name,
                    Integer.toString(wanted),
                    Integer.toString(own));
        }
        return wanted;
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
    private Map<Numerics, Transformer> build(
            Architecture architecture, Weights weights, Ops ops, Map<Numerics, KvRecipe> recipes) {
        Map<KvRecipe, Transformer> built = new HashMap<>();
        Map<Numerics, Transformer> transformers = new EnumMap<>(Numerics.class);
        recipes.forEach((numerics, recipe) -> {
            List<KvRecipe> each = Collections.nCopies(spec.kvShape().streams().size(), recipe);
            transformers.put(
                    numerics, built.computeIfAbsent(recipe, _ -> architecture.build(spec, weights, ops, each)));
        });
        return transformers;
    }

    private String describe(Ops ops, Map<Numerics, Transformer> transformers, Forward forward) {
        StringBuilder kv = new StringBuilder();
        transformers.forEach((numerics, t) -> kv.append("; kv for ")
                .append(numerics)
                .append(": ")
                .append(t.recipes().getFirst()));
        return ops.describe() + kv + "; kv pages: " + forward.pool().size() + "; context: " + contextLength;
    }

    @Override
    public Session session() {
        return new ChatSession(new ChatSession.Door() {
            @Override
            public int[] chatPrompt(List<Message> messages) {
                return LoadedModel.this.chatPrompt(messages);
            }

            @Override
            public QueuedGeneration start(Request request) {
                return LoadedModel.this.start(request);
            }
        });
    }

    private QueuedGeneration start(Request request) {
        QueuedGeneration answer = new QueuedGeneration(engine.promptOf(request));
        answer.is(engine.submit(request, answer));
        return answer;
    }

    @Override
    public Generation generate(Request request) {
        return start(request);
    }

    @Override
    public Ticket submit(Request request, TokenSink sink) {
        return engine.submit(request, sink);
    }

    @Override
    public int[] tokenize(String text) {
        return tokenizer.encode(text, true, false);
    }

    @Override
    public String detokenize(int... tokens) {
        return tokenizer.decode(tokens);
    }

    @Override
    public int[] chatPrompt(List<Message> messages) {
        return chat.encode(messages);
    }

    @Override
    public boolean hasChatTemplate() {
        return ownTemplate;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ModelSpec spec() {
        return spec;
    }

    @Override
    public Metadata metadata() {
        return metadata;
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public int contextLength() {
        return contextLength;
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public EngineStatus status() {
        return engine.status();
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        owned.close();
    }
}
