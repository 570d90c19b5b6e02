// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.overload;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Many clients of one server, each with one request after another and no pause but after a refusal: whole answers,
 * streams, streams that are left, requests that can never fit. Every answer is held against the one the server gave
 * when it was asked alone, every refusal against the kinds that are stated.
 */
final class Overload {
    private static final Pattern CHOICES = Pattern.compile("\"choices\":(.*),\"usage\":", Pattern.DOTALL);
    private static final Pattern TEXT = Pattern.compile("\"text\":\"((?:[^\"\\\\]|\\\\.)*)\"");
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final int MOST_PAUSE_MILLIS = 200;
    private static final int TOLD = 5; // of what is wrong

    private final HttpClient http;
    private final URI url;
    private final List<Question> questions;
    private final int context;
    private final AtomicLong right = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong left = new AtomicLong();
    private final AtomicLong neverFit = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final List<String> told = new ArrayList<>();

    /** An answer as the server gave it alone: its choices with every token's logprob, and their text. */
    record Expected(String choices, String text) {}

    Overload(HttpClient http, String base, List<Question> questions, int context) {
        this.http = http;
        this.url = URI.create(base + "/v1/completions");
        this.questions = questions;
        this.context = context;
    }

    /** Asks each question once, one after another, with nothing known from before. */
    List<Expected> alone() throws IOException, InterruptedException {
        List<Expected> all = new ArrayList<>();
        for (Question q : questions) {
            HttpResponse<String> whole = send(q.body(",\"numerics\":\"exact\",\"logprobs\":1,\"cache_prompt\":false"));
            Optional<String> choices = choices(whole.body());
            if (whole.statusCode() != 200 || choices.isEmpty())
                throw new IOException("asked alone: status " + whole.statusCode() + ", " + whole.body());
            all.add(new Expected(choices.get(), text(choices.get())));
        }
        return all;
    }

    /** So many clients at once, until it is over and each has its last answer. */
    void run(int clients, BooleanSupplier isOver, List<Expected> expected, long seed) throws InterruptedException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                SplittableRandom random = new SplittableRandom(seed * 1000 + i);
                all.add(threads.submit(() -> {
                    while (!isOver.getAsBoolean()) ask(random, expected);
                    return null;
                }));
            }
            for (Future<?> each : all) {
                try {
                    each.get();
                } catch (ExecutionException e) {
                    wrong("a client ended: " + e.getCause());
                }
            }
        }
    }

    private void ask(SplittableRandom random, List<Expected> expected) throws InterruptedException {
        int which = random.nextInt(questions.size());
        Question question = questions.get(which);
        int kind = random.nextInt(100);
        try {
            if (kind < 65) whole(random, question, expected.get(which));
            else if (kind < 85) stream(random, question, expected.get(which));
            else if (kind < 93) leave(random, question);
            else if (kind < 96) fast(random, question);
            else tooLong(random, question);
        } catch (IOException e) {
            wrong("no answer: " + e);
            Thread.sleep(MOST_PAUSE_MILLIS); // a server that is gone is not asked as fast as can be
        }
    }

    private void whole(SplittableRandom random, Question q, Expected e) throws IOException, InterruptedException {
        HttpResponse<String> got = send(q.body(",\"numerics\":\"exact\",\"logprobs\":1"));
        if (isRefused(random, got.statusCode(), got, got.body())) return;
        check(choices(got.body()).filter(e.choices()::equals).isPresent(), "another answer: " + got.body());
    }

    private void stream(SplittableRandom random, Question q, Expected e) throws IOException, InterruptedException {
        HttpResponse<String> got = send(q.body(",\"numerics\":\"exact\",\"stream\":true"));
        if (isRefused(random, got.statusCode(), got, got.body())) return;
        boolean ended = got.body().endsWith("data: [DONE]\n\n");
        check(ended && text(got.body()).equals(e.text()), "another stream: " + got.body());
    }

    private void fast(SplittableRandom random, Question q) throws IOException, InterruptedException {
        HttpResponse<String> got = send(q.body(""));
        if (isRefused(random, got.statusCode(), got, got.body())) return;
        check(got.body().contains("\"completion_tokens\":" + q.answer()), "an answer cut short: " + got.body());
    }

    /** Goes when the first byte is there. */
    private void leave(SplittableRandom random, Question q) throws IOException, InterruptedException {
        HttpResponse<InputStream> got =
                http.send(request(q.body(",\"stream\":true")), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = got.body()) {
            if (got.statusCode() != 200) {
                isRefused(random, got.statusCode(), got, new String(body.readAllBytes(), StandardCharsets.UTF_8));
            } else if (body.read() >= 0) left.incrementAndGet();
        }
    }

    private void tooLong(SplittableRandom random, Question q) throws IOException, InterruptedException {
        HttpResponse<String> got = send(new Question(q.prompt(), context).body(""));
        if (got.statusCode() == 400 && got.body().contains("\"context_length_exceeded\"")) neverFit.incrementAndGet();
        else if (!isRefused(random, got.statusCode(), got, got.body())) {
            wrong("what cannot fit was answered: " + got.body());
        }
    }

    /** 429, that says when to come again, is the one refusal of what could be answered. */
    private boolean isRefused(SplittableRandom random, int status, HttpResponse<?> got, String body)
            throws InterruptedException {
        if (status == 200) return false;
        boolean stated = status == 429
                && body.contains("\"rate_limit_error\"")
                && (body.contains("\"queue_full\"") || body.contains("\"too_many_requests\""))
                && got.headers().firstValueAsLong("Retry-After").orElse(0) > 0;
        if (stated) refused.incrementAndGet();
        else wrong("refused otherwise than stated: " + status + " " + body);
        Thread.sleep(random.nextInt(1, MOST_PAUSE_MILLIS)); // sooner than it was told to: the load is to stay
        return true;
    }

    private void check(boolean isRight, String otherwise) {
        if (isRight) right.incrementAndGet();
        else wrong(otherwise);
    }

    private void wrong(String what) {
        wrong.incrementAndGet();
        synchronized (told) {
            if (told.size() < TOLD) told.add(what.length() > 300 ? what.substring(0, 300) + " ..." : what);
        }
    }

    private HttpRequest request(String body) {
        return HttpRequest.newBuilder(url)
                .timeout(LONGEST)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private HttpResponse<String> send(String body) throws IOException, InterruptedException {
        return http.send(request(body), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    private static Optional<String> choices(String body) {
        Matcher m = CHOICES.matcher(body);
        return m.find() ? Optional.of(m.group(1)) : Optional.empty();
    }

    /** All pieces of text, as they stand in JSON. */
    private static String text(String body) {
        StringBuilder text = new StringBuilder();
        for (Matcher m = TEXT.matcher(body); m.find(); ) text.append(m.group(1));
        return text.toString();
    }

    long right() {
        return right.get();
    }

    /** Of the stated kind. */
    long refused() {
        return refused.get();
    }

    long left() {
        return left.get();
    }

    long neverFit() {
        return neverFit.get();
    }

    long wrong() {
        return wrong.get();
    }

    /** The first of what was wrong. */
    List<String> told() {
        synchronized (told) {
            return List.copyOf(told);
        }
    }
}
