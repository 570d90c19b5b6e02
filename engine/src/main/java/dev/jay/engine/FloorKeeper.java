// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.JudgedRecipe;
import dev.jay.engine.plan.JudgedRecipes.Skipped;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Planner;
import dev.jay.engine.plan.RecipePlanner;
import dev.jay.engine.plan.RecipePlanner.Chosen;
import dev.jay.engine.plan.Wishes;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architectures;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.OutOfBudgetException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Sees to it that a model keeps its keys and values no worse than a floor allows: chooses how, before the model is opened,
 * or holds what the caller names against what is known of it. Nothing later changes that choice. Confined to one thread.
 */
final class FloorKeeper {
    private static final long HEADER = 1 << 20; // beside what is mapped

    private final Path file;
    private final ModelOptions asked;
    private final double floor;
    private final ModelSpec spec;
    private final KvJudgements.Found found;
    private final Set<Skipped> skipped;
    private final int wished; // the context
    private final List<JudgedRecipe> curve;
    private KvCalibration measured = KvCalibration.NONE; // of the model, where a recipe wants it
    private final Optional<Chosen> chosen; // nothing where the caller names a recipe

    /** Nothing where no floor is asked for, and of an encoder, which keeps nothing. */
    static Optional<FloorKeeper> of(Path file, ModelOptions options) throws IOException {
        if (options.quality().isEmpty()) return Optional.empty();
        try (Memory memory = Memory.withBudget(HEADER);
                WeightSource source = ModelFiles.open(memory, file)) {
            ModelSpec spec = spec(file, source);
            if (spec.isEncoder()) return Optional.empty();
            KvJudgements.Found found = KvJudgements.find(file, Fingerprint.of(source), KvJudgements::builtIn);
            return Optional.of(new FloorKeeper(file, options, spec, source, found));
        }
    }

    private static ModelSpec spec(Path file, WeightSource source) {
        try {
            return Architectures.of(source.metadata()).spec(source.metadata());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw BoundModel.malformed("the model file " + file.getFileName() + " cannot be used: ", e);
        }
    }

    private FloorKeeper(
            Path file, ModelOptions options, ModelSpec spec, WeightSource source, KvJudgements.Found found) {
        this.file = file;
        this.asked = options;
        this.floor = options.quality().orElseThrow();
        this.spec = spec;
        this.found = found;
        this.skipped = new LinkedHashSet<>(found.recipes().skipped());
        Wishes wishes = OpeningWishes.of(spec, options);
        this.wished = wishes.context().orElse(wishes.mostContext());
        List<JudgedRecipe> fitting = new ArrayList<>(found.recipes().at(wished));
        fitting.removeIf(judged -> !fits(judged.at(wished), source));
        this.curve = RecipePlanner.curve(fitting, wished, this::bytes);
        this.chosen =
                options.kvRecipe().isPresent() ? Optional.empty() : Optional.of(asking(options, RecipePlanner::choose));
    }

    private long bytes(KvRecipe recipe, int tokens) {
        int streams = spec.kvShape().streams().size();
        return TransformerForward.Sizes.kvBytes(spec.kvShape(), recipe.each(streams, measured), tokens);
    }

    private boolean fits(KvRecipe recipe, WeightSource source) {
        try {
            if (recipe.wantsCalibration() && measured.layers().isEmpty()) {
                measured = CalibrationFile.of(file).read(recipe, source, spec);
            }
            bytes(recipe, wished);
        } catch (IllegalArgumentException e) { // heads of another width than the codec takes
            skipped.add(new Skipped(recipe.toString(), e.getMessage()));
            return false;
        }
        boolean moves = recipe.eviction().isPresent() || recipe.selection().isPresent() || recipe.readsLessOfPrompts();
        boolean windows = spec.attention().stream().anyMatch(layer -> layer.window() > 0);
        if (moves && windows) skipped.add(new Skipped(recipe.toString(), "some layers have a window of their own"));
        return !moves || !windows;
    }

    /** Binds the model as often as it takes. */
    private <T> T asking(ModelOptions options, Function<RecipePlanner, T> question) {
        try (TrialBinding trial =
                new TrialBinding(file, options, (recipe, why) -> skipped.add(new Skipped(recipe.toString(), why)))) {
            return question.apply(new RecipePlanner(floor, curve, OpeningWishes.of(spec, options), trial::plan));
        }
    }

    /** How the model must be opened. */
    ModelOptions options() {
        return chosen.map(this::with).orElse(asked);
    }

    private ModelOptions with(Chosen choice) {
        ModelOptions options = asked.withKvRecipe(choice.recipe().toString());
        // a budget is a share of the context: with a longer one it would be less than was judged
        boolean isFixed = isBudgeted() && choice.context() < wished;
        return isFixed ? options.withContextLength(choice.context()) : options;
    }

    /** Whether less is kept, or read, than there is. */
    boolean isBudgeted() {
        KvRecipe recipe = KvRecipe.parse(chosen.map(c -> c.recipe().toString())
                .orElseGet(() -> asked.kvRecipe().orElseThrow()));
        return recipe.eviction().isPresent()
                || recipe.selection().isPresent()
                || recipe.filter().isPresent();
    }

    /** @throws BelowFloorException if the caller named what is not known to keep the floor in the context of this plan */
    KvFloor kept(Plan plan) {
        KvRecipe recipe = chosen.map(Chosen::recipe)
                .orElseGet(() -> KvRecipe.parse(asked.kvRecipe().orElseThrow()));
        JudgedRecipe judged = chosen.map(Chosen::judged)
                .orElseGet(() -> named(recipe, plan.setup().contextLength()));
        return new KvFloor(
                floor,
                recipe.toString(),
                judged.quality(),
                judged.worst(),
                judged.context(),
                found.model(),
                found.isOwn(),
                found.note(),
                List.copyOf(skipped));
    }

    private JudgedRecipe named(KvRecipe recipe, int context) {
        JudgedRecipe judged = found.recipes()
                .of(recipe, context)
                .orElseThrow(() -> new BelowFloorException("kv recipe '" + recipe
                        + "' was never judged for a context of "
                        + context + ", so that it keeps --quality " + floor + " is not known: 'jay bench kv " + file
                        + " --recipes \"" + recipe + "\" --text TEXT --write "
                        + KvJudgements.beside(file)
                        + "' judges it; or leave --kv out" + (found.note().isEmpty() ? "" : "; " + found.note())));
        if (judged.quality() >= floor) return judged;
        throw new BelowFloorException(String.format(
                Locale.ROOT,
                "kv recipe '%s' was judged %.4f (%s, %s), wanted --quality %s or more: lower --quality, or leave --kv"
                        + " out",
                recipe,
                judged.quality(),
                judged.worst(),
                judgedOn(),
                floor));
    }

    private String judgedOn() {
        return found.isOwn() ? "on this model" : "on " + found.model() + ", not on this model";
    }

    /** The plan with what was decided here. */
    Plan told(Plan plan) {
        KvFloor kept = kept(plan);
        List<Plan.Choice> all = new ArrayList<>(plan.chosen());
        all.add(new Plan.Choice("kv-recipe", why(kept)));
        if (plan.setup().contextLength() < wished
                && all.stream().noneMatch(c -> c.mechanism().equals("shorter-context"))) {
            all.add(new Plan.Choice(
                    "shorter-context",
                    "keys and values of " + wished + " tokens do not fit, and --context names none: "
                            + plan.setup().contextLength()));
        }
        return plan.with(all);
    }

    private String why(KvFloor kept) {
        String worst = kept.judgedAt() == 0 ? " by definition" : ", the worst being " + kept.worst();
        StringBuilder why = new StringBuilder(String.format(
                Locale.ROOT, "%s: quality %.4f%s; %s", kept.recipe(), kept.quality(), worst, kept.judged()));
        if (kept.judgedAt() > 0) why.append(", over ").append(kept.judgedAt()).append(" tokens");
        if (chosen.isPresent())
            why.append("; the best that fits of those at or above ").append(floor);
        return why.append(kept.note().isEmpty() ? "" : "; " + kept.note()).toString();
    }

    OutOfBudgetException refusal(Plan plan) {
        if (chosen.isEmpty()) return Planner.refusal(plan);
        Chosen least = new Chosen(chosen.get().judged(), chosen.get().recipe(), plan);
        return asking(asked, planner -> planner.refusal(least, found.note()));
    }

    /** Every recipe that is worth its bytes, in order of what it loses. */
    List<KvFloor.Point> points(Plan plan, int mostParallel) {
        int context = plan.setup().contextLength();
        String taken = kept(plan).recipe();
        return asking(
                asked.withContextLength(context),
                planner -> curve.stream()
                        .map(judged -> new KvFloor.Point(
                                judged.at(context).toString(),
                                judged.quality(),
                                judged.worst(),
                                judged.context(),
                                bytes(judged.at(context), context),
                                planner.mostParallel(judged, plan, mostParallel),
                                judged.decodeRatio(),
                                planner.isAbove(judged),
                                judged.at(context).toString().equals(taken)))
                        .toList());
    }
}
