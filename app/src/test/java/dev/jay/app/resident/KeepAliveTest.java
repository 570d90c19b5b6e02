// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeepAliveTest {
    @ParameterizedTest
    @CsvSource({"5m, PT5M", "300, PT5M", "1h30m, PT1H30M", "1.5h, PT1H30M", "500ms, PT0.5S", "0, PT0S", "0s, PT0S"})
    void shouldReadTimes(String text, Duration time) {
        assertThat(KeepAlive.parse(text).time()).isEqualTo(time);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-1m", "-0.5"})
    void shouldStayForEverWhereTheTimeIsNegative(String text) {
        assertThat(KeepAlive.parse(text)).isEqualTo(KeepAlive.FOREVER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "5 m", "5x", "1e9", "--1", "9999999999999", "5m-1s", "m5"})
    void shouldRefuseWhatIsNoTime(String text) {
        assertThatThrownBy(() -> KeepAlive.parse(text)).hasMessageContaining("allowed: seconds");
    }

    @Test
    void shouldBoundWhatIsTooLong() {
        assertThat(KeepAlive.ofSeconds(new BigDecimal("1e300")).time()).isEqualTo(Duration.ofDays(36_500));
        assertThat(KeepAlive.parse("999999999999h").time()).isEqualTo(Duration.ofDays(36_500));
    }
}
