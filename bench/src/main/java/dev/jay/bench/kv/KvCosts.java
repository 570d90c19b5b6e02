// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvJudge.Candidate;
import dev.jay.bench.kv.task.KvTasks;
import dev.jay.engine.Model;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvEviction;
import java.io.IOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** How long recipes will take, by one item with one recipe of each kind. An estimate: what bounds a run is its clock. */
final class KvCosts {
    /** What takes alike. */
    private enum Kind {
        PLAIN,
        FORGETS,
        WATCHES,
        SEALS;

        static Kind of(KvRecipe recipe) {
            if (recipe.group() > 1) return SEALS;
            int watches = recipe.eviction().map(KvEviction::watches).orElse(-1);
            return watches < 0 ? PLAIN : watches == Integer.MAX_VALUE ? WATCHES : FORGETS;
        }
    }

    private static final int SPEED = 2; // of reading a context and a little more, and as much of f16

    private final KvJudge judge;
    private final Map<Kind, Double> items = new EnumMap<>(Kind.class); // seconds of one of a task
    private final double texts;
    private final double written;

    /** Measures, with contexts of a seed, those kinds that there are. */
    KvCosts(KvJudge judge, Model full, List<Candidate> all, long seed) throws IOException {
        this.judge = judge;
        this.texts = seconds(judge, full, seed, 0);
        List<String> long_ = tasks(true);
        this.written = long_.isEmpty() ? 0 : seconds(judge.withTasks(long_), full, seed, 1);
        List<String> one = tasks(false).stream().limit(1).toList();
        KvJudge less = judge.withTasks(one);
        for (Candidate c : all) {
            Kind kind = kind(c);
            if (one.isEmpty() || items.containsKey(kind)) continue;
            try (Model model = judge.open(c.recipe())) {
                seconds(less, model, seed, 1); // code becomes fast
                items.put(kind, seconds(less, model, seed, 1));
            }
        }
    }

    private static double seconds(KvJudge judge, Model of, long seed, int items) throws IOException {
        long begin = System.nanoTime();
        judge.scores(of, seed, items);
        return (System.nanoTime() - begin) / 1e9;
    }

    private List<String> tasks(boolean isWritten) {
        return judge.tasks().stream()
                .filter(task -> KvTasks.ALL.make(task).isWritten() == isWritten)
                .toList();
    }

    static Kind kind(Candidate candidate) {
        return Kind.of(KvRecipe.parse(candidate.recipe()));
    }

    /** Slow ones are worth less of a run's time than others. */
    static boolean isSlow(Candidate candidate) {
        return kind(candidate).compareTo(Kind.WATCHES) >= 0;
    }

    /** Of one recipe and so many items. */
    double seconds(Candidate candidate, int each) {
        double item = items.getOrDefault(kind(candidate), 0.0);
        double more = item / Math.max(1e-3, items.getOrDefault(Kind.PLAIN, item)); // times what f16 takes
        double speed = judge.runs() * SPEED * item;
        return texts * more + speed + each * item * tasks(false).size() + KvExam.written(each) * written;
    }
}
