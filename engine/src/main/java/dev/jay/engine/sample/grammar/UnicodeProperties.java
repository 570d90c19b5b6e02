// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;

/** The sets behind {@code \p{...}}: general categories, and a few properties. As the JDK's tables have them. */
final class UnicodeProperties {
    private static final String[] CATEGORIES = {
        "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "", "Zs", "Zl", "Zp", "Cc", "Cf", "",
        "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
    };
    private static final Map<String, IntPredicate> OTHERS = Map.of(
            "Alphabetic",
            Character::isAlphabetic,
            "Any",
            _ -> true,
            "ASCII",
            c -> c < 128,
            "Lowercase",
            Character::isLowerCase,
            "Uppercase",
            Character::isUpperCase,
            "White_Space",
            c -> Character.isWhitespace(c) || Character.isSpaceChar(c));
    private static final Map<String, String> LONG = Map.of(
            "Letter",
            "L",
            "Mark",
            "M",
            "Number",
            "N",
            "Punctuation",
            "P",
            "Symbol",
            "S",
            "Separator",
            "Z",
            "Other",
            "C",
            "Lowercase_Letter",
            "Ll",
            "Uppercase_Letter",
            "Lu",
            "Decimal_Number",
            "Nd");

    private UnicodeProperties() {}

    /** Null where there is none of that name. */
    static CodePoints named(String name) {
        String asked = name.replaceFirst("^(General_Category|gc)=", "");
        IntPredicate other = OTHERS.get(asked);
        if (other != null) return CodePoints.where(other);
        String category = LONG.getOrDefault(asked, asked);
        Set<Integer> types = new HashSet<>();
        for (int i = 0; i < CATEGORIES.length; i++) {
            if (!CATEGORIES[i].isEmpty() && CATEGORIES[i].startsWith(category)) types.add(i);
        }
        if (types.isEmpty() || category.isEmpty()) return null;
        return CodePoints.where(c -> types.contains(Character.getType(c)));
    }
}
