// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Finish;
import dev.jay.engine.Generation;
import dev.jay.engine.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.ObjectNode;

/**
 * One streamed reply. A virtual thread for each answer turns its pieces into chunks and puts them into a bounded queue;
 * the request's own thread sends them, and a comment when none comes. A slow client fills the queue, and the engine then
 * pauses its answers.
 */
final class Streaming {
    private static final int QUEUE = 64;

    /** What the queue carries. */
    private sealed interface Event {}

    private record Chunk(ObjectNode json) implements Event {}

    private record Ended(int index, Finish finish) implements Event {}

    private record Failed(Throwable cause) implements Event {}

    private final Answers.Wanted wanted;
    private final List<Generation> generations;
    private final Voice voice;
    private final EventStream events;
    private final BlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUE);

    Streaming(Answers.Wanted wanted, List<Generation> generations, Voice voice, EventStream events) {
        this.wanted = wanted;
        this.voice = voice;
        this.generations = generations;
        this.events = events;
    }

    /** Returns when all is sent; {@link EventStream.ClosedException} when the client has left. */
    void run() throws InterruptedException {
        events.ping(); // the client has its status and headers before the first token is there
        List<Thread> pumps = new ArrayList<>();
        for (int i = 0; i < generations.size(); i++) {
            int index = i;
            pumps.add(Thread.startVirtualThread(() -> pump(index, generations.get(index))));
        }
        try {
            if (send(generations.size())) voice.end(events);
        } finally {
            generations.forEach(Generation::cancel);
            pumps.forEach(Thread::interrupt);
            for (Thread pump : pumps) pump.join();
        }
    }

    private void pump(int index, Generation generation) {
        try {
            Optional<ObjectNode> opening = wanted.shape().opening(index);
            if (opening.isPresent()) queue.put(new Chunk(opening.get()));
            for (Piece piece : generation) {
                Optional<ObjectNode> chunk = wanted.shape().piece(index, piece);
                if (chunk.isPresent()) queue.put(new Chunk(chunk.get()));
            }
            queue.put(new Chunk(wanted.shape().ending(index, generation.finish())));
            queue.put(new Ended(index, generation.finish()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody reads any more
        } catch (RuntimeException | Error e) { // whatever it is, the client must not wait for ever
            fail(e);
        }
    }

    private void fail(Throwable e) {
        try {
            queue.put(new Failed(e));
        } catch (InterruptedException gone) {
            Thread.currentThread().interrupt();
        }
    }

    /** False where one failed: the client has been told. */
    private boolean send(int open) throws InterruptedException {
        Finish[] finishes = new Finish[open];
        for (int left = open; left > 0; ) {
            Event event = queue.poll(events.silence().toMillis(), TimeUnit.MILLISECONDS);
            switch (event) {
                case null -> events.ping();
                case Chunk chunk -> voice.chunk(chunk.json(), events);
                case Ended ended -> {
                    finishes[ended.index()] = ended.finish();
                    left--;
                }
                case Failed failed -> {
                    voice.failed(Errors.told(failed.cause()), events);
                    return false;
                }
            }
        }
        if (wanted.usage()) voice.chunk(wanted.shape().usageChunk(List.of(finishes)), events);
        return true;
    }
}
