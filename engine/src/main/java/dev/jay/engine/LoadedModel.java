// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.CallSyntax;
import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.schedule.Admissions;
import dev.jay.engine.schedule.SchedulerPolicies;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.prefix.PageReplacements;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.load.Metadata;
import dev.jay.model.text.ChatTemplate;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.model.text.jinja.TemplateException;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.SystemMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A model file, the code bound to it and the engine that runs it. Owns all of them. */
final class LoadedModel implements Model {
    private final Owned owned;
    private final String name;
    private final Memory memory;
    private final Metadata metadata;
    private final Tokenizer tokenizer;
    private final ModelSpec spec;
    private final Plan plan;
    private final Map<Numerics, List<KvRecipe>> kvRecipes = new EnumMap<>(Numerics.class);
    private final Optional<KvFloor> kvFloor;
    private final String description;
    private final ChatPrompt chat;
    private final boolean ownTemplate;
    private final Encoding encoding;
    private final Engine engine;
    private final Adapters adapters;
    private volatile AdapterMix defaultAdapters;

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

    private LoadedModel(Path file, ModelOptions options, Owned owned) throws IOException {
        this.owned = owned;
        Optional<FloorKeeper> keeper = FloorKeeper.of(file, options);
        Ahead<Tokenizer> reading = owned.add(new Ahead<>("jay-tokenizer"), Ahead::close);
        BoundModel bound = new BoundModel(
                file,
                keeper.map(FloorKeeper::options).orElse(options),
                owned,
                header -> reading.begin(() -> Tokenizers.from(header)));
        this.name = bound.name();
        this.memory = bound.memory();
        this.metadata = bound.metadata();
        this.spec = bound.spec();
        Plan planned = bound.plan();
        this.kvFloor = keeper.map(k -> k.kept(planned));
        this.plan = keeper.map(k -> k.told(planned)).orElse(planned);
        for (Numerics numerics : Numerics.values()) kvRecipes.put(numerics, bound.kvRecipes(numerics));
        this.adapters = bound.adapters();
        this.defaultAdapters = adapters.asOpened();
        this.tokenizer = bound.fromFile(reading::get);
        if (!plan.fits() && keeper.isPresent()) throw keeper.get().refusal(plan);
        TransformerForward forward = bound.open(plan);
        this.encoding = owned.add(new Encoding(forward, spec.dim(), contextLength()), Encoding::close);
        EngineThread thread = new EngineThread(name);
        Tiers.Opened tiers = bound.tiers(plan, forward, thread::wake);
        this.description = describe(bound, forward);
        Optional<String> template =
                metadata.optionalText("tokenizer.chat_template").filter(t -> !t.isBlank());
        this.ownTemplate = template.isPresent();
        // a template writes BOS itself; ChatML does not
        this.chat = new ChatPrompt(tokenizer, templateOf(template, options), template.isEmpty());

        SystemMemory system = SystemMemory.here();
        PressureWatch pressure =
                owned.add(new PressureWatch(() -> pressure(system), System::nanoTime), PressureWatch::close);
        this.engine = new Engine(
                forward,
                tokenizer,
                SchedulerPolicies.ALL.make(options.scheduler()),
                new Engine.Settings(
                        contextLength(),
                        plan.setup().stepTokens(),
                        options.queueLimit(),
                        options.clock(),
                        options.seeds(),
                        PageReplacements.ALL.make(options.replacement()),
                        tiers.prefixes(),
                        tiers.parking(),
                        Admissions.ALL.make(options.admission()),
                        options.weights(),
                        Sequence.nanos(options.patience()),
                        pressure,
                        thread::wake));
        thread.start(engine);
        owned.add(thread, EngineThread::close);
    }

    /** A template that cannot be read is told to whoever chats: the model can still go on after plain text. */
    private Function<Conversation, String> templateOf(Optional<String> source, ModelOptions options) {
        ChatTemplate template;
        try {
            template = source.map(ChatTemplate::compile).orElse(ChatTemplate.CHATML);
        } catch (TemplateException e) {
            return _ -> {
                throw BoundModel.malformed("the chat template of " + name + " cannot be used: ", e);
            };
        }
        String bos = tokenizer.bos() < 0 ? null : tokenizer.piece(tokenizer.bos());
        String eos = tokenizer.eos() < 0 ? null : tokenizer.piece(tokenizer.eos());
        CallSyntax syntax = CallSyntaxes.of(source.orElse(""));
        return conversation -> {
            Conversation c = conversation;
            if (syntax.isPlain()) c = new Conversation(PlainTools.told(c, syntax.text()), List.of(), c.names());
            List<Map<String, Object>> tools = TemplateNames.tools(c.tools());
            try {
                List<Map<String, Object>> shown = TemplateNames.messages(c.messages(), true);
                return template.render(shown, true, tools, bos, eos, c.names(), options.wallClock());
            } catch (TemplateException e) {
                if (c.messages().stream().allMatch(m -> m.calls().isEmpty())) throw e;
                // some templates put arguments of calls into the text as they are
                List<Map<String, Object>> shown = TemplateNames.messages(c.messages(), false);
                return template.render(shown, true, tools, bos, eos, c.names(), options.wallClock());
            }
        };
    }

    private String describe(BoundModel bound, Forward forward) {
        StringBuilder text = new StringBuilder(bound.describe());
        text.append("; kv pages: ").append(forward.pool().size());
        text.append("; context: ").append(contextLength());
        plan.chosen()
                .forEach(c ->
                        text.append("; ").append(c.mechanism()).append(": ").append(c.why()));
        return text.toString();
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
        mustGenerate();
        QueuedGeneration answer = new QueuedGeneration(engine.promptOf(request));
        answer.is(engine.submit(adapted(request), answer));
        return answer;
    }

    private void mustGenerate() {
        if (spec.isEncoder()) {
            throw new IllegalArgumentException(
                    "the model " + name + " gives embeddings and no text: architecture=" + spec.architecture());
        }
    }

    @Override
    public Generation generate(Request request) {
        return start(request);
    }

    @Override
    public Ticket submit(Request request, TokenSink sink) {
        mustGenerate();
        return engine.submit(adapted(request), sink);
    }

    private Request adapted(Request request) {
        if (request.adapters().isEmpty()) return request.withAdapters(defaultAdapters);
        adapters.check(request.adapters().get());
        return request;
    }

    @Override
    public List<LoadedAdapter> adapters() {
        return adapters.list();
    }

    @Override
    public AdapterMix defaultAdapters() {
        return defaultAdapters;
    }

    @Override
    public void setDefaultAdapters(AdapterMix mix) {
        adapters.check(mix);
        defaultAdapters = mix;
    }

    @Override
    public List<float[]> embed(List<int[]> inputs, Pooling pooling, Numerics numerics) {
        if (spec.isEncoder()) return encoding.of(inputs, pooling, numerics);
        return new Embeddings(this, engine::check, pooling, numerics).of(inputs);
    }

    @Override
    public Pooling pooling() {
        return spec.pooling();
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
    public int[] chatPrompt(Conversation conversation) {
        return chat.encode(conversation);
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
        // a text of an encoder is one pass
        int most = plan.setup().contextLength();
        return spec.isEncoder() ? Math.min(most, plan.setup().stepTokens()) : most;
    }

    @Override
    public Plan plan() {
        return plan;
    }

    @Override
    public List<KvRecipe> kvRecipes(Numerics numerics) {
        return kvRecipes.get(numerics);
    }

    /** Read on a thread that has the time, so it looks at how pages lie, too. */
    private Pressure pressure(SystemMemory system) {
        memory.hugePages().look(System.nanoTime());
        return Pressure.of(system.read());
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public Optional<KvFloor> kvFloor() {
        return kvFloor;
    }

    @Override
    public long letGo(long bytes) {
        if (spec.isEncoder() || bytes <= 0) return 0;
        long pageBytes = plan.setAside().get("kv-pages") / engine.status().pages();
        int pages = (int) Math.min(engine.status().pages(), Math.ceilDiv(bytes, pageBytes));
        return engine.letGo(pages).join() * pageBytes;
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
