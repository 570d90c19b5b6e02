// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Choice;
import dev.jay.engine.ContextFullException;
import dev.jay.engine.Conversation;
import dev.jay.engine.EngineStatus;
import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Generation;
import dev.jay.engine.GenerationException;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Pressure;
import dev.jay.engine.QueueFullException;
import dev.jay.engine.Request;
import dev.jay.engine.Session;
import dev.jay.engine.Ticket;
import dev.jay.engine.TokenSink;
import dev.jay.engine.Usage;
import dev.jay.engine.plan.Plan;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pooling;
import dev.jay.model.load.Metadata;
import dev.jay.model.text.Tokenizer;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A model that says its prompt again, byte by byte, at a pace that a test chooses: what the server does with an engine,
 * without one.
 */
final class ScriptedModel implements Model {
    static final int CONTEXT = 2000;
    private static final int BOS = 256;
    private static final int EOS = 257;

    volatile long nanosPerToken;
    volatile int queueLimit = Integer.MAX_VALUE;
    volatile RuntimeException failure;
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final AtomicInteger cancelled = new AtomicInteger();
    volatile Request last;
    volatile List<Message> lastMessages;
    volatile Conversation lastConversation;
    private final Memory books = Memory.withBudget(1 << 20);

    @Override
    public Generation generate(Request request) {
        last = request;
        int wanted = request.maxTokens().orElse(1);
        if (request.prompt().length + (long) wanted > CONTEXT) {
            throw new ContextFullException(request.prompt().length, wanted, CONTEXT);
        }
        if (running.get() >= queueLimit) throw new QueueFullException(running.get(), queueLimit);
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        return new Echo(request);
    }

    /** Ends with EOS when the prompt has been said once. */
    private final class Echo implements Generation {
        private final Request request;
        private final byte[] say;
        private final List<Choice> tokens = new ArrayList<>();
        private final StringBuilder text = new StringBuilder();
        private Finish finish;
        private String stop; // one letter alone is looked for
        private volatile boolean cancel;

        Echo(Request request) {
            this.request = request;
            say = detokenize(request.prompt()).getBytes(StandardCharsets.UTF_8);
        }

        private synchronized Piece step() {
            if (finish != null) return null;
            RuntimeException broken = failure;
            if (broken != null) return end(FinishReason.FAILED, broken);
            if (nanosPerToken > 0) sleep();
            if (cancel) return end(FinishReason.CANCELLED, null);
            if (tokens.size() == request.maxTokens().orElse(CONTEXT)) return end(FinishReason.LENGTH, null);
            int at = tokens.size();
            Choice choice = new Choice(
                    at == say.length ? EOS : say[at] & 0xff,
                    -0.5,
                    List.of(new Choice.Scored(65, -0.5), new Choice.Scored(66, -1.5)));
            tokens.add(choice);
            if (at == say.length) {
                end(FinishReason.STOP, null);
                return new Piece("", List.of(choice));
            }
            String piece = new String(say, at, 1, StandardCharsets.ISO_8859_1);
            if (request.stops().contains(piece)) {
                stop = piece;
                end(FinishReason.STOP, null);
                return new Piece("", List.of(choice));
            }
            text.append(piece);
            return new Piece(piece, List.of(choice));
        }

        private void sleep() {
            try {
                Thread.sleep(nanosPerToken / 1_000_000, (int) (nanosPerToken % 1_000_000));
            } catch (InterruptedException e) {
                cancel = true;
            }
        }

        private Piece end(FinishReason reason, RuntimeException cause) {
            running.decrementAndGet();
            if (reason == FinishReason.CANCELLED) cancelled.incrementAndGet();
            Usage usage = new Usage(request.prompt().length, 0, tokens.size(), 1, 1, 1);
            finish = new Finish(reason, usage, Optional.ofNullable(cause), 7, Optional.ofNullable(stop));
            return null;
        }

        @Override
        public Iterator<Piece> iterator() {
            return new Iterator<>() {
                private Piece ahead;

                @Override
                public boolean hasNext() {
                    if (ahead == null) ahead = step();
                    if (ahead == null && finish.cause().isPresent()) throw new GenerationException(finish);
                    return ahead != null;
                }

                @Override
                public Piece next() {
                    if (!hasNext()) throw new NoSuchElementException();
                    Piece piece = ahead;
                    ahead = null;
                    return piece;
                }
            };
        }

        @Override
        public Finish finish() {
            while (step() != null) Thread.onSpinWait();
            return finish;
        }

        @Override
        public String text() {
            finish();
            if (finish.cause().isPresent()) throw new GenerationException(finish);
            return text.toString();
        }

        @Override
        public List<Choice> tokens() {
            finish();
            return tokens;
        }

        @Override
        public int[] promptTokens() {
            return request.prompt();
        }

        @Override
        public String textSoFar() {
            return text.toString();
        }

        @Override
        public void cancel() {
            cancel = true;
        }

        @Override
        public void close() {
            cancel = true;
            finish();
        }
    }

    /** How often each remainder by four comes among the bytes. */
    @Override
    public List<float[]> embed(List<int[]> inputs, Pooling pooling, Numerics numerics) {
        running.incrementAndGet();
        try {
            RuntimeException broken = failure;
            if (broken != null) throw broken;
            List<float[]> all = new ArrayList<>();
            for (int[] input : inputs) {
                if (input.length > CONTEXT) throw new ContextFullException(input.length, 0, CONTEXT);
                if (nanosPerToken > 0) Thread.sleep(Duration.ofNanos(nanosPerToken * input.length));
                float[] vector = new float[4];
                for (int token : input) if (token < BOS) vector[token % 4]++;
                double length = 0;
                for (float v : vector) length += v * v;
                for (int i = 0; i < 4; i++) vector[i] /= (float) Math.sqrt(length);
                all.add(vector);
            }
            return all;
        } catch (InterruptedException e) {
            cancelled.incrementAndGet();
            throw new IllegalStateException("interrupted", e);
        } finally {
            running.decrementAndGet();
        }
    }

    @Override
    public int[] tokenize(String text) {
        return tokenizer().encode(text, true, false);
    }

    @Override
    public String detokenize(int... tokens) {
        byte[] bytes = new byte[tokens.length];
        int n = 0;
        for (int token : tokens) {
            if (token < BOS) bytes[n++] = (byte) token;
        }
        return new String(bytes, 0, n, StandardCharsets.UTF_8);
    }

    @Override
    public int[] chatPrompt(List<Message> messages) {
        lastMessages = messages;
        if (messages.getLast().content().equals("refuse")) throw new IllegalArgumentException("the template says no");
        return tokenize(messages.getLast().content());
    }

    @Override
    public int[] chatPrompt(Conversation conversation) {
        lastConversation = conversation;
        return chatPrompt(conversation.messages());
    }

    @Override
    public boolean hasChatTemplate() {
        return true;
    }

    @Override
    public String name() {
        return "scripted.gguf";
    }

    @Override
    public ModelSpec spec() {
        return new ModelSpec(
                "scripted", 1, 4, 1, 1, 4, 4, 258, CONTEXT, 1e-5f, new ModelSpec.Rotary(4, 10000, true, new float[0]));
    }

    @Override
    public Metadata metadata() {
        return new Metadata(Map.of("tokenizer.chat_template", "<think></think>"));
    }

    @Override
    public Tokenizer tokenizer() {
        return new Tokenizer() {
            @Override
            public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                int[] ids = new int[bytes.length + (addSpecial ? 1 : 0)];
                int at = 0;
                if (addSpecial) ids[at++] = BOS;
                for (byte b : bytes) ids[at++] = b & 0xff;
                return ids;
            }

            @Override
            public byte[] bytes(int token) {
                return token < BOS ? new byte[] {(byte) token} : new byte[0];
            }

            @Override
            public String piece(int token) {
                return token < BOS ? String.valueOf((char) token) : "<" + token + ">";
            }

            @Override
            public int size() {
                return 258;
            }

            @Override
            public boolean isControl(int token) {
                return token >= BOS;
            }

            @Override
            public int bos() {
                return BOS;
            }

            @Override
            public int eos() {
                return EOS;
            }

            @Override
            public Set<Integer> endOfGeneration() {
                return Set.of(EOS);
            }

            @Override
            public boolean addsSpacePrefix() {
                return false;
            }
        };
    }

    @Override
    public Plan plan() {
        throw new UnsupportedOperationException("nothing is planned for a script");
    }

    @Override
    public int contextLength() {
        return CONTEXT;
    }

    @Override
    public Memory memory() {
        return books;
    }

    @Override
    public EngineStatus status() {
        return new EngineStatus(
                running.get(),
                0,
                0,
                10,
                10,
                0,
                0,
                1,
                0,
                2,
                3,
                0,
                0,
                0,
                Pressure.NONE,
                0,
                PrefixTier.Stats.NONE,
                List.of());
    }

    @Override
    public String describe() {
        return "scripted";
    }

    @Override
    public Session session() {
        throw new UnsupportedOperationException("the server keeps no sessions");
    }

    @Override
    public Ticket submit(Request request, TokenSink sink) {
        throw new UnsupportedOperationException("the server pulls");
    }

    @Override
    public void close() {
        books.close();
    }
}
