// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.List;

/**
 * Texts in which two ways to make tokens that are not the same show it: no two pre-tokenizers of the catalog cut all of
 * them alike unless they cut everything alike, nor do the kinds of normalizers leave them alike. Composed characters only (NFC).
 */
final class ProbeTexts {
    static final List<String> ALL = List.of(
            "Hello, World! I'm sure you'LL say it's what they've done; we'd KNOW'S they're not 'Twas.",
            "helloWorld HELLOworld camelCaseXMLHttp Mc'Donald don't DON'T l'\u00e9t\u00e9 \u00c9COLE stra\u00dfe"
                    + " Stra\u1e9ee",
            "1 12 123 1234 12345 123456 1234567 12345678 a1b22c333d4444 3.14159 1,000,000 x=-42 #7 \u0663\u0664\u0665"
                    + " \u00bd\u2167\u00b2",
            "    four spaces\n\tand a tab\n\n\nthree lines \n \r\n windows\r\n\r\n end   of  words   ",
            "if (a[i] != b->c) { return x/y; } // done...\n/* ~~~ */ $#@%^&*()_+-=[]{}|;':\",.<>?`~ !!!???\n///\n\n",
            " leading space, trailing space ",
            "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u6211\u67093\u4e2aapples\uff01\u3053\u3093\u306b\u3061\u306f\u30ab\u30bf\u30ab\u30ca\u3001\u6f22\u5b57\u4eee\u540d"
                + " \uc548\ub155\ud558\uc138\uc694 \uc138\uacc4",
            "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440, \u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5,"
                    + " \u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u060c"
                    + " \u05e9\u05dc\u05d5\u05dd",
            "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964"
                    + " \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01 \u1ea4y l\u00e0"
                    + " Vi\u1ec7t",
            "\ud83d\ude80\ud83d\udc69\u200d\ud83d\udcbb\ud83c\uddeb\ud83c\uddee emoji \u2603\ufe0f \u20ac5 \u00a35"
                    + " \u201cquoted\u201d \u2018so\u2019 \u2014 \u2026 \u00ab\u00bb \uff01\uff1a\uff1b",
            "\ufb01 \u00b5 \uff21\uff22 \u00e9\u00e8\u00fc\u00f1 caf\u00e9 na\u00efve \u0130stanbul"
                    + " \u01c5 x\u0301y",
            "a\u00a0b\u2003c\u3000d\u200bef\u2028g",
            "https://example.com/path?q=a+b&c=%20 name_with_underscores kebab-case file.tar.gz v1.2.3-rc4 user@host",
            "The quick brown fox jumps over the lazy dog. THE QUICK BROWN FOX. mixed1Case2Words3 and no. 4's",
            "at  12 and   345\t 6\n  78",
            "!\n?\r\n.\n\n;/ /x /\n#\r a\nb\n c\r\n  d",
            "supercalifragilisticexpialidocious antidisestablishmentarianism Donaudampfschifffahrt \u00dcber xx xxx aa"
                    + " aaa");

    private ProbeTexts() {}
}
