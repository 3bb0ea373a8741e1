"""What the language calls TA-Lib's functions, in which units they are, and where from.

A function with several outputs is one name an output. Those that the language computes
itself, under names that it had, stand in ``COVERED``.
"""

from __future__ import annotations

Word = tuple[str, str, int, str, str]
"""Our name, TA-Lib's, which output, units, and what to add to TA-Lib's title."""

_BANDS = ("upper", "middle", "lower")
_AVERAGES = (
    ("dema", "DEMA", "two EMAs, 2·EMA − EMA(EMA) (Mulloy 1994)"),
    ("tema", "TEMA", "three EMAs, against their lag (Mulloy 1994)"),
    ("trima", "TRIMA", "weights rise to the middle of the window and fall again"),
    ("kama", "KAMA", "faster the straighter the way of x (Kaufman 1995)"),
    ("hma", "HMA", "weighted averages of n, n/2 and √n bars, against their lag (Hull 2005)"),
    ("rma", "RMA", "each bar enters with 1/window (Wilder 1978)"),
    ("zlema", "ZLEMA", "EMA of x plus what it changed over the lag (Ehlers and Way 2010)"),
    ("t3", "T3", "six EMAs blended by the volume factor (Tillson 1998)"),
    ("vwma", "VWMA", "each bar weighs as its volume"),
    ("ma", "MA", "average says which kind"),
    ("mavp", "MAVP", "periods says the window of each bar, held between shortest and longest"),
    ("midpoint", "MIDPOINT", "half way between the highest and the lowest x"),
    ("ht_trendline", "HT_TRENDLINE", "x without its dominant cycle (Ehlers 2001)"),
)
_PRICES = (
    ("midprice", "MIDPRICE", "half way between the highest high and the lowest low"),
    ("sar", "SAR", "stop that follows the trend and turns where it is hit (Wilder 1978)"),
    ("sarext", "SAREXT", "with its own steps up and down; negative while short"),
    ("avgprice", "AVGPRICE", "(open + high + low + close) / 4"),
    ("medprice", "MEDPRICE", "(high + low) / 2"),
    ("typprice", "TYPPRICE", "(high + low + close) / 3"),
    ("wclprice", "WCLPRICE", "(high + low + 2·close) / 4"),
    ("adr", "ADR", "mean of high − low"),
    ("vwap", "VWAP", "since the first bar"),
    ("minus_dm", "MINUS_DM", "Wilder-smoothed falls of the low (Wilder 1978)"),
    ("plus_dm", "PLUS_DM", "Wilder-smoothed rises of the high (Wilder 1978)"),
    ("ao", "AO", "SMA(fast) − SMA(slow) of (high + low) / 2 (Williams)"),
    ("ac", "AC", "awesome oscillator less its own average (Williams)"),
    ("qstick", "QSTICK", "mean of close − open (Chande and Kroll 1994)"),
    ("wad", "WAD", "sum of the moves from the true range's ends (Williams)"),
)
_LINES: tuple[tuple[str, str, str, str], ...] = (
    ("adx", "ADX", "0 to 100", "strength of the trend, whichever way (Wilder 1978)"),
    ("adxr", "ADXR", "0 to 100", "mean of ADX now and a window ago (Wilder 1978)"),
    ("dx", "DX", "0 to 100", "difference of the directional indicators (Wilder 1978)"),
    ("plus_di", "PLUS_DI", "0 to 100", "share of the true range that rose (Wilder 1978)"),
    ("minus_di", "MINUS_DI", "0 to 100", "share of the true range that fell (Wilder 1978)"),
    ("apo", "APO", "of x", "average(fast) − average(slow)"),
    ("ppo", "PPO", "percent", "(average(fast) − average(slow)) / average(slow) · 100"),
    ("aroon_oscillator", "AROONOSC", "-100 to 100", "Aroon up − Aroon down (Chande 1995)"),
    ("bop", "BOP", "-1 to 1", "(close − open) / (high − low) (Livshin 2001)"),
    ("cci", "CCI", "around ±100", "distance of the typical price from its mean (Lambert 1980)"),
    ("cmo", "CMO", "-100 to 100", "Wilder-smoothed, as TA-Lib has it (Chande 1994)"),
    ("cmo_unsmoothed", "CMOU", "-100 to 100", "plain sums, as published (Chande 1994)"),
    ("coppock", "COPPOCK", "percent", "weighted mean of two rates of change (Coppock 1962)"),
    ("dpo", "DPO", "of x", "an earlier x less the mean, looking back only"),
    ("efficiency_ratio", "ER", "0 to 1", "way made / way gone (Kaufman 1995)"),
    ("fosc", "FOSC", "percent", "x less its regression forecast, of x (Chande 1994)"),
    ("imi", "IMI", "0 to 100", "gains within bars / all moves within bars (Chande)"),
    ("mfi", "MFI", "0 to 100", "RSI of typical price · volume (Quong and Soudack 1989)"),
    ("rocr", "ROCR", "ratio", "x / x[window ago]"),
    ("rocr100", "ROCR100", "percent", "x / x[window ago] · 100"),
    ("trix", "TRIX", "percent", "one-bar change of a triple EMA (Hutson 1983)"),
    ("tsi", "TSI", "-100 to 100", "twice-smoothed changes / their size (Blau 1991)"),
    ("ultimate_oscillator", "ULTOSC", "0 to 100", "buying pressure, three windows (Williams 1985)"),
    ("vhf", "VHF", "ratio", "range / way gone (White 1991)"),
    ("willr", "WILLR", "-100 to 0", "place of the close in the window's range (Williams)"),
    ("chaikin_volatility", "CVI", "percent", "change of the smoothed high − low (Chaikin)"),
    ("mass_index", "MASSI", "sum", "EMA / EMA of EMA of the range, summed (Dorsey 1992)"),
    ("natr", "NATR", "percent", "ATR / close · 100"),
    ("rvi", "RVI", "0 to 100", "RSI of standard deviations (Dorsey 1993)"),
    ("ad", "AD", "units", "volume signed by the place of the close, summed (Chaikin)"),
    ("adosc", "ADOSC", "units", "EMA(fast) − EMA(slow) of the A/D line (Chaikin)"),
    ("cmf", "CMF", "-1 to 1", "signed volume / volume (Chaikin)"),
    ("efi", "EFI", "price · units", "EMA of change · volume (Elder 1993)"),
    ("market_facilitation", "MARKETFI", "price / units", "(high − low) / volume (Williams)"),
    ("nvi", "NVI", "index", "moves on falling volume, compounded (Dysart 1936)"),
    ("pvi", "PVI", "index", "moves on rising volume, compounded (Dysart 1936)"),
    ("obv", "OBV", "units", "volume signed by the change of x, summed (Granville 1963)"),
    ("pvo", "PVO", "percent", "(average(fast) − average(slow)) / average(slow) · 100"),
    ("pvt", "PVT", "units", "volume · change of the close, summed"),
    ("rvol", "RVOL", "ratio", "volume / its mean over the window before"),
    ("ht_dcperiod", "HT_DCPERIOD", "bars", "(Ehlers 2001)"),
    ("ht_dcphase", "HT_DCPHASE", "degrees", "(Ehlers 2001)"),
    ("ht_trendmode", "HT_TRENDMODE", "0 or 1", "1 in a trend, 0 in a cycle (Ehlers 2001)"),
    ("avgdev", "AVGDEV", "of x", "mean distance from the mean"),
    ("beta", "BETA", "ratio", "slope of a's returns on b's, b the market"),
    ("linearreg", "LINEARREG", "of x", "end of the window's regression line"),
    ("linearreg_angle", "LINEARREG_ANGLE", "degrees", "atan of the slope"),
    ("linearreg_intercept", "LINEARREG_INTERCEPT", "of x", "start of the regression line"),
    ("linearreg_slope", "LINEARREG_SLOPE", "of x a bar", "slope of the regression on time"),
    ("tsf", "TSF", "of x", "the regression line, one bar on"),
    ("percentile", "PERCENTILE", "of x", "value below which that share of the window lies"),
    ("percentrank", "PERCENTRANK", "0 to 100", "share of the window before that x is above"),
    ("cumsum", "CUMSUM", "of x", "since the first bar"),
)  # fmt: skip
_OUTPUTS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("ACCBANDS", tuple(f"accbands_{side}" for side in _BANDS), "price",
     "mean price widened by its range (Headley 2002)"),
    ("DONCHIAN", tuple(f"donchian_{side}" for side in _BANDS), "price",
     "highest high and lowest low, this bar included: lag them to break out of (Donchian)"),
    ("KC", tuple(f"keltner_{side}" for side in _BANDS), "price",
     "EMA of the close ± deviations · ATR (Keltner 1960)"),
    ("MAMA", ("mama", "fama"), "of x", "follows the phase of the cycle (Ehlers 2001)"),
    ("SUPERTREND", ("supertrend", "supertrend_direction"), "price; direction 1 up, -1 down",
     "ATR band on the side of the trend (Seban)"),
    ("AROON", ("aroon_down", "aroon_up"), "0 to 100",
     "how lately the extreme was, 100 = now (Chande 1995)"),
    ("ERI", ("eri_bull", "eri_bear"), "price", "high and low less EMA of close (Elder 1993)"),
    ("FRACTAL", ("fractal_high", "fractal_low"), "price or 0",
     "extreme of left and right bars, told once the right ones are over (Williams)"),
    ("KDJ", ("kdj_k", "kdj_d", "kdj_j"), "0 to 100, j beyond",
     "stochastic with a third line, j = 3k − 2d"),
    ("MACDEXT", ("macdext", "macdext_signal", "macdext_histogram"), "of x", "(Appel)"),
    ("MACDFIX", ("macdfix", "macdfix_signal", "macdfix_histogram"), "of x", "(Appel)"),
    ("SMI", ("smi", "smi_signal"), "-100 to 100", "place in the range, smoothed (Blau 1993)"),
    ("STOCH", ("stoch_k", "stoch_d"), "0 to 100", "place in the range, smoothed (Lane)"),
    ("STOCHF", ("stochf_k", "stochf_d"), "0 to 100", "place of the close in the range (Lane)"),
    ("STOCHRSI", ("stochrsi_k", "stochrsi_d"), "0 to 100",
     "stochastic of the RSI (Chande and Kroll 1994)"),
    ("VORTEX", ("vortex_plus", "vortex_minus"), "ratio", "(Botes and Siepman 2010)"),
    ("HT_PHASOR", ("ht_phasor_inphase", "ht_phasor_quadrature"), "of x", "(Ehlers 2001)"),
    ("HT_SINE", ("ht_sine", "ht_sine_lead"), "-1 to 1", "lead is 45° ahead (Ehlers 2001)"),
    ("HA", ("ha_open", "ha_high", "ha_low", "ha_close"), "price", "averaged candles"),
)  # fmt: skip

WORDS: tuple[Word, ...] = (
    *((name, theirs, 0, "of x", text) for name, theirs, text in _AVERAGES),
    *((name, theirs, 0, "price", text) for name, theirs, text in _PRICES),
    *((name, theirs, 0, units, text) for name, theirs, units, text in _LINES),
    *(
        (name, theirs, place, units, text)
        for theirs, names, units, text in _OUTPUTS
        for place, name in enumerate(names)
    ),
)
"""Functions that are computed by TA-Lib, but for the candle patterns."""

COVERED = {
    "ADD": "write a + b", "SUB": "write a - b", "MULT": "write a * b", "DIV": "write a / b",
    "MAX": "write rolling_max(x, window)", "MIN": "write rolling_min(x, window)",
    "MINMAX": "write rolling_min and rolling_max", "SUM": "write rolling_sum(x, window)",
    "MAXINDEX": "write bars_since_max(x, window)", "MININDEX": "write bars_since_min(x, window)",
    "MINMAXINDEX": "write bars_since_min and bars_since_max",
    "LN": "write log(x)", "SQRT": "write sqrt(x)", "EXP": "write exp(x)",
    "LOG10": "write log10(x)", "CEIL": "write ceil(x)", "FLOOR": "write floor(x)",
    **{name: f"write {name.lower()}(x)" for name in
       ("ACOS", "ASIN", "ATAN", "COS", "COSH", "SIN", "SINH", "TAN", "TANH",)},
    "SMA": "write sma(x, window)", "EMA": "write ema(x, window)", "WMA": "write wma(x, window)",
    "RSI": "write rsi(x)", "ROC": "write roc(x, window)", "ROCP": "write rocp(x, window)",
    "MOM": "write momentum(x, window)", "ATR": "write atr()", "TRANGE": "write true_range()",
    "MACD": "write macd, macd_signal or macd_histogram",
    "BBANDS": "write bollinger_upper, bollinger_middle or bollinger_lower",
    "STDDEV": "write stddev(x, window)", "VAR": "write rolling_variance(x, window)",
    "CORREL": "write rolling_correlation(a, b, window)",
}  # fmt: skip
"""TA-Lib's functions that have another name here, with how to write them."""

PARAMETERS = {
    "timeperiod": "window", "fastperiod": "fast", "slowperiod": "slow", "signalperiod": "signal",
    "fastk_period": "fast_k", "slowk_period": "slow_k", "slowk_matype": "slow_k_average",
    "slowd_period": "slow_d", "slowd_matype": "slow_d_average", "fastd_period": "fast_d",
    "fastd_matype": "fast_d_average", "matype": "average", "fastmatype": "fast_average",
    "slowmatype": "slow_average", "signalmatype": "signal_average", "nbdev": "deviations",
    "vfactor": "volume_factor", "firstperiod": "first", "secondperiod": "second",
    "leftbars": "left", "rightbars": "right", "rocperiod": "roc_window",
    "stddevperiod": "deviation_window", "wmaperiod": "window", "roc1period": "first",
    "roc2period": "second", "timeperiod1": "first", "timeperiod2": "second",
    "timeperiod3": "third", "atrperiod": "atr_window", "minperiod": "shortest",
    "maxperiod": "longest", "fastlimit": "fast_limit", "slowlimit": "slow_limit",
    "startvalue": "start", "offsetonreverse": "offset_on_reverse",
    "accelerationinitlong": "initial_long", "accelerationlong": "step_long",
    "accelerationmaxlong": "most_long", "accelerationinitshort": "initial_short",
    "accelerationshort": "step_short", "accelerationmaxshort": "most_short",
    "price": "x", "price0": "a", "price1": "b",
}  # fmt: skip
"""What the language calls TA-Lib's parameters and series, where it differs."""
