// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Every schedule: a linear warm-up over a part of the steps, then what the name says. */
public final class Schedules {
    public static final Catalog<Schedule> ALL = Catalog.of(
            "schedule",
            new Catalog.Entry<>(
                    "cosine", "cosine(warmup=0.02,floor=0.1): half a wave down to the floor", Schedules::cosine),
            new Catalog.Entry<>(
                    "wsd",
                    "wsd(warmup=0.02,decay=0.2,floor=0): constant, then linear to the floor at the end",
                    Schedules::wsd),
            new Catalog.Entry<>("constant", "constant(warmup=0.02)", Schedules::constant) //
            );

    private Schedules() {}

    private static Schedule cosine(Args a) {
        double warmup = part(a, "warmup", 0.02);
        double floor = part(a, "floor", 0.1);
        return (step, steps) -> {
            double wave = (1 + Math.cos(Math.PI * after(step, steps, warmup))) / 2;
            return warm(step, steps, warmup) * (floor + (1 - floor) * wave);
        };
    }

    private static Schedule wsd(Args a) {
        double warmup = part(a, "warmup", 0.02);
        double decay = part(a, "decay", 0.2);
        double floor = part(a, "floor", 0);
        return (step, steps) -> {
            double left = decay == 0 ? 1 : Math.min(1, (double) (steps - step) / (decay * steps));
            return warm(step, steps, warmup) * (floor + (1 - floor) * left);
        };
    }

    private static Schedule constant(Args a) {
        double warmup = part(a, "warmup", 0.02);
        return (step, steps) -> warm(step, steps, warmup);
    }

    private static double warm(int step, int steps, double warmup) {
        return warmup == 0 ? 1 : Math.min(1, step / (warmup * steps));
    }

    /** How far between the end of the warm-up and the end. */
    private static double after(int step, int steps, double warmup) {
        return Math.clamp((step - warmup * steps) / Math.max(1e-9, steps - warmup * steps), 0, 1);
    }

    private static double part(Args a, String key, double otherwise) {
        double v = a.doubleOf(key, otherwise);
        if (!(v >= 0 && v <= 1)) {
            throw new IllegalArgumentException(
                    "schedule: " + key + "=" + v + ", allowed: a part of all steps or of the rate, 0 to 1");
        }
        return v;
    }
}
