// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.List;

/** Messages. What they came to is found by their tokens when the caller comes back. An ended answer is taken up when the caller comes back. */
final class ChatSession implements Session {
    /** What a session needs of its model. */
    interface Door {
        int[] chatPrompt(List<Message> messages);

        QueuedGeneration start(Request request);
    }

    private final Door door;
    private final List<Message> messages = new ArrayList<>();
    private Request settings = Request.of();
    private int beforeTurn; // messages to go back to if the answer fails
    private boolean closed;
    private volatile QueuedGeneration running;

    ChatSession(Door door) {
        this.door = door;
    }

    private Session set(Request changed) {
        checkOpen();
        settings = changed;
        return this;
    }

    private void checkOpen() {
        if (closed) throw new IllegalStateException("the session is closed");
    }

    /** Takes up the answer if it has ended. */
    private void settle() {
        QueuedGeneration last = running;
        if (last == null || !last.hasEnded()) return;
        Finish how = last.finish();
        if (how.reason() == FinishReason.STOP || how.reason() == FinishReason.LENGTH) {
            messages.add(Message.assistant(last.textSoFar()));
        } else {
            messages.subList(beforeTurn, messages.size()).clear();
        }
        running = null;
    }

    private void settleOrRefuse(String what) {
        checkOpen();
        settle();
        if (running != null) {
            throw new IllegalStateException(
                    "session: cannot " + what + " before the last answer has ended; read it to its end, or close it");
        }
    }

    @Override
    public Session system(String text) {
        settleOrRefuse("set the system message");
        if (hasSystem()) messages.removeFirst();
        messages.addFirst(Message.system(text));
        return this;
    }

    private boolean hasSystem() {
        return !messages.isEmpty() && messages.getFirst().role().equals("system");
    }

    @Override
    public Session sampling(Sampling sampling) {
        return set(settings.withSampling(sampling));
    }

    @Override
    public Session numerics(Numerics numerics) {
        return set(settings.withNumerics(numerics));
    }

    @Override
    public Session maxTokens(int tokens) {
        return set(settings.withMaxTokens(tokens));
    }

    @Override
    public Session stops(List<String> texts) {
        return set(settings.withStops(texts));
    }

    @Override
    public Session add(Message message) {
        settleOrRefuse("add a message");
        messages.add(message);
        return this;
    }

    @Override
    public Generation chat(String userText) {
        settleOrRefuse("chat");
        beforeTurn = messages.size();
        messages.add(Message.user(userText));
        try {
            QueuedGeneration answer = door.start(settings.withPrompt(door.chatPrompt(messages)));
            running = answer;
            return answer;
        } catch (RuntimeException | Error e) {
            messages.removeLast();
            throw e;
        }
    }

    @Override
    public List<Message> messages() {
        settle();
        return List.copyOf(messages);
    }

    @Override
    public Session undo() {
        settleOrRefuse("undo");
        for (int i = messages.size() - 1; i >= 0; i--) {
            if (messages.get(i).role().equals("user")) {
                messages.subList(i, messages.size()).clear();
                break;
            }
        }
        return this;
    }

    @Override
    public Session clear() {
        settleOrRefuse("clear");
        messages.subList(hasSystem() ? 1 : 0, messages.size()).clear();
        return this;
    }

    @Override
    public int promptTokens() {
        checkOpen();
        settle();
        return door.chatPrompt(messages).length;
    }

    @Override
    public void cancel() {
        QueuedGeneration now = running;
        if (now != null) now.cancel();
    }

    @Override
    public void close() {
        if (closed) return;
        closed = true;
        QueuedGeneration now = running;
        if (now != null) now.close();
    }
}
